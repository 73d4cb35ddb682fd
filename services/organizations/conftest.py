"""Fixtures of all slices: the use cases on a database, and the running service on a bus where identity answers."""

from collections.abc import Iterator

import pytest

from embedded.nats import Nats
from embedded.postgres import Postgres
from organizations.tests.parts import World
from organizations.tests.running import Running


@pytest.fixture
def world(postgres_dsn: str) -> Iterator[World]:
    made = World(postgres_dsn)
    yield made
    made.database.close()


@pytest.fixture(scope="session")
def running(postgres_server: Postgres) -> Iterator[Running]:
    """One service for all tests by HTTP; each test creates users of its own."""
    with Nats() as nats, Running(postgres_server.create_database("organizations_http"), nats.url) as service:
        yield service
