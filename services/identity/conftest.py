"""Fixtures of identity's tests: the container on a real database, with a clock that tests move."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from identity.oauth.tests.provider import Provider
from identity.service import IdentityService
from identity.tests.container import ContainerFixture
from kit.db.database import Database
from testing.clock import Clock
from testing.servers import Databases


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def postgres_dsn(databases: Databases) -> str:
    """The connection string of a database of its own, with the service's tables."""
    return databases.of(IdentityService)


@pytest.fixture
def database(postgres_dsn: str) -> Iterator[Database]:
    database = Database(postgres_dsn)
    database.open()
    yield database
    database.close()


@pytest.fixture
def parts(database: Database, clock: Clock) -> ContainerFixture:
    return ContainerFixture(database, clock)


@pytest.fixture(scope="module")
def provider_of_module(databases: Databases) -> Iterator[Provider]:
    """One for all tests of a module. Each test makes its own users, organizations and clients."""
    database = Database(databases.of(IdentityService))
    database.open()
    yield Provider(ContainerFixture(database, Clock()))
    database.close()


@pytest.fixture
def provider(provider_of_module: Provider) -> Provider:
    provider_of_module.clock.now = datetime.now(UTC)
    return provider_of_module
