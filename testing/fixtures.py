"""pytest fixtures on real servers: one PostgreSQL in each process of a run, nats-servers, and one whole system."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded.nats import Nats
from embedded.postgres import Postgres
from testing import servers
from testing.servers import Databases
from testing.shared import Shared, shared


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """One server for the whole run, without fsync."""
    with servers.postgres() as server:
        yield server


@pytest.fixture(scope="session")
def databases(postgres_server: Postgres) -> Databases:
    """Databases of that server: empty ones, and copies of a service's."""
    return Databases(postgres_server)


@pytest.fixture
def postgres_dsn(databases: Databases) -> str:
    """The connection string of an empty database of its own."""
    return databases.empty()


@pytest.fixture(scope="session")
def tradehall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """The whole system with simulators, for tests that break nothing: all processes of a run use the same."""
    own = tmp_path_factory.getbasetemp()
    with shared(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) as system:
        yield system


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[Nats]:
    """A nats-server with JetStream and no users, of its own."""
    with servers.nats(tmp_path / "nats") as server:
        yield server
