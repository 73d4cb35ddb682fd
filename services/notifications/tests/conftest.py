"""A world without a bus, one with it and its answers, and a mail server."""

from collections.abc import Iterator

import pytest

from embedded.nats import Nats
from notifications.tests.answering import Answers
from notifications.tests.mailroom import Mailroom
from notifications.tests.parts import World


@pytest.fixture
def mailroom() -> Iterator[Mailroom]:
    with Mailroom() as room:
        yield room


@pytest.fixture
def world(postgres_dsn: str, mailroom: Mailroom) -> Iterator[World]:
    """Nobody answers on the bus."""
    made = World(postgres_dsn, smtp_port=mailroom.port)
    yield made
    made.close()


@pytest.fixture
def answers(nats_server: Nats) -> Iterator[Answers]:
    made = Answers(nats_server.url)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def linked(postgres_dsn: str, mailroom: Mailroom, nats_server: Nats, answers: Answers) -> Iterator[World]:
    """On a bus where identity and organizations answer."""
    made = World(postgres_dsn, nats_server.url, smtp_port=mailroom.port)
    yield made
    made.close()
