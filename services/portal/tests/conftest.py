"""A portal in this process, in front of a stand-in for the interface it calls."""

from collections.abc import Iterator

import pytest

from portal.tests.hall import Browser, Hall


@pytest.fixture
def hall() -> Iterator[Hall]:
    with Hall() as made:
        yield made


@pytest.fixture
def browser(postgres_dsn: str, hall: Hall) -> Iterator[Browser]:
    with Browser(postgres_dsn, hall) as made:
        yield made
