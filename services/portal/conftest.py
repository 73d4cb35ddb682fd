"""A portal in this process, in front of a fake of the public API and the provider."""

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


@pytest.fixture
def signed_in(browser: Browser) -> Browser:
    return browser.sign_in()
