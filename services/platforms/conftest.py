"""Fixtures: the container, the service over HTTP, simulators and a MariaDB."""

from collections.abc import Iterator

import pytest

from embedded.nats import Nats
from platforms.service import PlatformsService
from platforms.tests.mariadb import MariaDb, why_not
from platforms.tests.running_service import RunningPlatforms
from platforms.tests.world import World
from testing.servers import Databases, emptied, in_containers


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def postgres_dsn(databases: Databases) -> str:
    """The connection string of a database of its own, with the service's tables."""
    return databases.of(PlatformsService)


@pytest.fixture(scope="session")
def world_dsn(databases: Databases) -> str:
    """One database for the insides of all tests, since to make one takes longer than most tests."""
    return databases.of(PlatformsService)


@pytest.fixture
def world(world_dsn: str) -> Iterator[World]:
    made = World(world_dsn)
    yield made
    made.database.close()
    emptied(world_dsn)


@pytest.fixture(scope="session")
def running(databases: Databases) -> Iterator[RunningPlatforms]:
    """One service for all tests by HTTP; each makes people and organizations of its own."""
    with Nats() as nats, RunningPlatforms(databases.of(PlatformsService), nats.url) as service:
        yield service


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDb]:
    """One server for the whole run, in a folder of its own."""
    with _mariadb() as server:
        yield server


def _mariadb() -> MariaDb:
    if in_containers():
        from platforms.tests.mariadb_container import MariaDbContainer

        return MariaDbContainer()
    if reason := why_not():
        pytest.skip(reason)
    return MariaDb()
