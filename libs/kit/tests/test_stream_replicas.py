"""A stream that is kept on several servers of the bus: how many, and what keeps it right when they change roles."""

import asyncio
import os
import signal
from collections.abc import Iterator
from math import inf
from pathlib import Path

import nats
import pytest
from pydantic import SecretStr

from embedded.nats import Nats
from embedded.ports import free_port
from kit.messaging.bus import Bus
from kit.messaging.relay import Relay
from kit.tests.notebook import Notebook, open_notebook, translate
from kit.tests.test_delivery import STREAM, relay_of, running, stored_ids, stream_ids
from testing.waiting import wait_until


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


def test_a_stream_gets_more_replicas_on_request(notebook: Notebook, cluster: list[Nats]) -> None:
    first = cluster[0]
    for number in (1, 3):
        notebook.write(f"kept {number} times")
        bus, relay = relay_of(notebook, first, number)
        with running(bus.run, relay.run):
            wait_until(lambda: stream_ids(first) == stored_ids(notebook), 30)
            wait_until(lambda n=number: asyncio.run(_copies(first)) == n, 30)  # type: ignore[misc]


def test_more_replicas_than_servers_do_not_stop_the_relay(notebook: Notebook, nats_server: Nats) -> None:
    for number in (1, 3):
        notebook.write(f"kept {number} times")
        bus, relay = relay_of(notebook, nats_server, number)
        with running(bus.run, relay.run):
            wait_until(lambda: stream_ids(nats_server) == stored_ids(notebook))
    assert asyncio.run(_copies(nats_server)) == 1


def test_two_elected_relays_publish_each_event_once(postgres_dsn: str, cluster: list[Nats]) -> None:
    books = [open_notebook(postgres_dsn) for _ in range(2)]
    work = []
    for book in books:
        bus = Bus(",".join(server.url for server in cluster), "notebook", SecretStr("x"))
        relay = Relay(book, bus, STREAM, translate, 3)
        relay._lease._valid_until = inf
        relay._lease.start = lambda: None  # type: ignore[method-assign]
        relay._lease.stop = lambda: None  # type: ignore[method-assign]
        work += [bus.run, relay.run]
    with running(*work):
        for number in range(60):
            books[number % 2].write(str(number))
        wait_until(lambda: len(stream_ids(cluster[0])) > 10, 30)
        leader = next(one for one in cluster if one.folder.name == asyncio.run(_leader(cluster[0])).removeprefix("n"))
        os.kill(leader.pid, signal.SIGKILL)
        for number in range(60):
            books[number % 2].write(f"{number} after its death")
        leader.process.stop()
        leader.start()
        wait_until(lambda: stream_ids(cluster[0]) == stored_ids(books[0]), 60)
    for book in books:
        book.database.close()


async def _leader(server: Nats) -> str:
    connection = await nats.connect(server.url)
    try:
        cluster = (await connection.jetstream().stream_info("NOTEBOOK")).cluster
        assert cluster is not None
        return cluster.leader or ""
    finally:
        await connection.close()


async def _copies(server: Nats) -> int | None:
    connection = await nats.connect(server.url)
    try:
        return (await connection.jetstream().stream_info("NOTEBOOK")).config.num_replicas
    finally:
        await connection.close()
