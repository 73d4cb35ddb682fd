"""Simulators of connectors on an event loop of their own, for tests that ask the service by HTTP."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from platforms.connections.connector import Connector, SimulatorOptions


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
