"""What the tests of identity share: the service's parts on a real database, with a clock to move."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from identity.tests.parts import Clock, Parts
from kit.database import Database


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
