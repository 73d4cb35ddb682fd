"""Fixtures of identity's tests: the container on a real database, with a clock that tests move."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from embedded.postgres import Postgres
from identity.oauth.tests.provider import Provider
from identity.tests.parts import Clock, Parts
from kit.db.database import Database


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime.now(UTC))


@pytest.fixture
def database(postgres_dsn: str) -> Iterator[Database]:
    database = Database(postgres_dsn)
    database.open()
    yield database
    database.close()


@pytest.fixture
def parts(database: Database, clock: Clock) -> Parts:
    return Parts(database, clock)


@pytest.fixture(scope="module")
def provider_of_module(postgres_server: Postgres) -> Iterator[Provider]:
    """One for all tests of a module. Each test makes its own users, organizations and clients."""
    database = Database(postgres_server.create_database(f"provider_{uuid4().hex}"))
    database.open()
    yield Provider(Parts(database, Clock(datetime.now(UTC))))
    database.close()


@pytest.fixture
def provider(provider_of_module: Provider) -> Provider:
    provider_of_module.clock.now = datetime.now(UTC)
    return provider_of_module
