"""Fixtures: the service without a bus, or with the bus and the services that it asks, and a mail server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.nats_config import nats_configuration
from embedded.nats import Nats
from notifications.service import NotificationsService
from notifications.tests.fake_answers import Answers
from notifications.tests.smtp_server import FakeSmtpServer
from notifications.tests.world import BUS_PASSWORD, World
from testing.servers import Databases


@pytest.fixture
def postgres_dsn(databases: Databases) -> str:
    """The connection string of a database of its own, with the service's tables."""
    return databases.of(NotificationsService)


@pytest.fixture
def smtp_server() -> Iterator[FakeSmtpServer]:
    with FakeSmtpServer() as room:
        yield room


@pytest.fixture
def world(postgres_dsn: str, smtp_server: FakeSmtpServer) -> Iterator[World]:
    """Nobody answers on the bus."""
    made = World(postgres_dsn, smtp_port=smtp_server.port)
    yield made
    made.close()


@pytest.fixture
def bus_server(tmp_path: Path) -> Iterator[Nats]:
    """A nats-server where each service may do what contracts say, and no more."""
    users = dict.fromkeys(("identity", "organizations", "notifications"), BUS_PASSWORD)
    folder = tmp_path / "nats"
    rights = nats_configuration(port=4222, host="127.0.0.1", store_dir=str(folder / "store"), passwords=users)
    with Nats(folder, config_text=rights) as server:
        yield server


@pytest.fixture
def answers(bus_server: Nats) -> Iterator[Answers]:
    made = Answers(bus_server.url)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def linked(postgres_dsn: str, smtp_server: FakeSmtpServer, bus_server: Nats, answers: Answers) -> Iterator[World]:
    """On a bus where identity and organizations answer."""
    made = World(postgres_dsn, bus_server.url, smtp_port=smtp_server.port)
    yield made
    made.close()
