"""Simulators of connectors on an event loop of their own, for tests that ask the service by HTTP."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from platforms.connections.connector import Capability, Connector, SimulatorOptions
from platforms.tests.running_service import Caller


@contextmanager
def simulated(connector: Connector) -> Iterator[Mapping[str, Any]]:
    """The values of the credential form that signs in to the connector's simulator."""
    assert connector.simulator is not None
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = connector.simulator(SimulatorOptions())
    try:
        yield asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(10)
        asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)


def must_be_checked_and_read(connector: Connector, person: Caller) -> None:
    """By HTTP, as the API or the report database of a new platform."""
    target = connector.target
    path = person.add(kind=connector.kind, api=connector.name if target == "api" else "none")
    with simulated(connector) as values:
        body = {"target": target, "credentials": dict(values)}
        assert person.post(f"{path}/checks", json=body).json()["outcome"] in ("ok", "degraded")
        assert person.put(f"{path}/{target}-credentials", json=dict(values)).status_code == 200
        answer = person.get(f"{path}/accounts?source={target}")
        assert answer.status_code == (200 if Capability.READ in connector.capabilities else 409), answer.text
