"""Fixtures of all slices: the use cases on a database, and the running service on a bus where identity answers."""

from collections.abc import Iterator

import pytest

from embedded.nats import Nats
from organizations.service import OrganizationsService
from organizations.tests.running_service import RunningOrganizations
from organizations.tests.world import World
from testing.servers import Databases


@pytest.fixture
def postgres_dsn(databases: Databases) -> str:
    """The connection string of a database of its own, with the service's tables."""
    return databases.of(OrganizationsService)


@pytest.fixture
def world(postgres_dsn: str) -> Iterator[World]:
    made = World(postgres_dsn)
    yield made
    made.database.close()


@pytest.fixture(scope="session")
def running(databases: Databases) -> Iterator[RunningOrganizations]:
    """One service for all tests by HTTP; each test creates users of its own."""
    with Nats() as nats, RunningOrganizations(databases.of(OrganizationsService), nats.url) as service:
        yield service
