"""On how many of the bus's servers a stream is kept."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import nats
import pytest

from embedded.fixtures import wait_until
from embedded.nats import Nats
from embedded.ports import free_port
from kit.tests.notebook import Notebook
from kit.tests.test_delivery import relay_of, running, stored_ids, stream_ids


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[list[Nats]]:
    """Three servers of one cluster."""
    routes = [free_port() for _ in range(3)]
    servers = []
    for number, port in enumerate(routes):
        others = ", ".join(f'"nats://127.0.0.1:{one}"' for one in routes if one != port)
        cluster = f'cluster {{ name: c, listen: "127.0.0.1:{port}", routes: [{others}] }}'
        servers.append(Nats(tmp_path / str(number), f"server_name: n{number}\njetstream {{}}\n{cluster}\n"))
    for server in servers:
        server.start()
    yield servers
    for server in servers:
        server.stop()


def test_a_stream_is_kept_on_more_servers_once_more_are_asked_for(notebook: Notebook, cluster: list[Nats]) -> None:
    first = cluster[0]
    for number in (1, 3):
        notebook.write(f"kept {number} times")
        bus, relay = relay_of(notebook, first, number)
        with running(bus.run, relay.run):
            wait_until(lambda: stream_ids(first) == stored_ids(notebook), 30)
            wait_until(lambda n=number: asyncio.run(_copies(first)) == n, 30)  # type: ignore[misc]


def test_more_copies_than_there_are_servers_are_no_reason_to_stop(notebook: Notebook, nats_server: Nats) -> None:
    for number in (1, 3):
        notebook.write(f"kept {number} times")
        bus, relay = relay_of(notebook, nats_server, number)
        with running(bus.run, relay.run):
            wait_until(lambda: stream_ids(nats_server) == stored_ids(notebook))
    assert asyncio.run(_copies(nats_server)) == 1


async def _copies(server: Nats) -> int | None:
    connection = await nats.connect(server.url)
    try:
        return (await connection.jetstream().stream_info("NOTEBOOK")).config.num_replicas
    finally:
        await connection.close()
