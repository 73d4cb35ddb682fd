"""pytest fixtures on real servers: one PostgreSQL a run with a fresh database a test, and nats-servers.

With TRADEHALL_TEST_SERVERS=containers they run in containers.
"""

import itertools
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from embedded.nats import Nats
from embedded.postgres import Postgres

T = TypeVar("T")
_numbers = itertools.count(1)


def wait_until(condition: Callable[[], T], timeout: float = 15.0, what: str = "the condition") -> T:
    """Asks every 20 ms until the answer is true, and returns it; AssertionError after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {timeout:g} s; last answer: {answer!r}")
        time.sleep(0.02)


def in_containers() -> bool:
    """Whether this run wants its servers in containers."""
    return os.environ.get("TRADEHALL_TEST_SERVERS") == "containers"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """One server for the whole run, without fsync."""
    with _postgres() as server:
        yield server


def _postgres() -> Postgres:
    if in_containers():
        from embedded.containers import PostgresContainer  # its library is slow to import, and seldom needed

        return PostgresContainer()
    return Postgres(fsync=False)


@pytest.fixture
def postgres_dsn(postgres_server: Postgres) -> str:
    """The connection string of an empty database of its own."""
    return postgres_server.create_database(f"test_{next(_numbers)}")


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[Nats]:
    """A nats-server with JetStream and no users, of its own."""
    with _nats(tmp_path / "nats") as server:
        yield server


def _nats(folder: Path) -> Nats:
    if in_containers():
        from embedded.containers import NatsContainer

        return NatsContainer(folder)
    return Nats(folder)
