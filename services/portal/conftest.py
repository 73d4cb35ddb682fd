"""A portal in this process, in front of a fake of the public API and the provider."""

from collections.abc import Iterator

import pytest

from portal.service import PortalService
from portal.tests.hall import Browser, Hall
from testing.servers import Databases


@pytest.fixture
def postgres_dsn(databases: Databases) -> str:
    """The connection string of a database of its own, with the portal's tables."""
    return databases.migrated(PortalService.migrations)


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
