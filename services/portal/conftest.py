"""A portal in this process, in front of a fake of the public API and the provider."""

from collections.abc import Iterator

import pytest

from portal.service import PortalService
from portal.tests.hall import Browser, Hall, Portal
from testing.servers import Databases, emptied


@pytest.fixture
def postgres_dsn(databases: Databases) -> str:
    """The connection string of a database of its own, with the portal's tables."""
    return databases.migrated(PortalService.migrations)


@pytest.fixture(scope="session")
def portal(databases: Databases) -> Iterator[Portal]:
    """One for all tests: to build its routes takes longer than most tests."""
    with Hall() as hall, Portal(databases.migrated(PortalService.migrations), hall) as made:
        yield made


@pytest.fixture
def hall(portal: Portal) -> Hall:
    portal.hall.reset()
    return portal.hall


@pytest.fixture
def browser(portal: Portal, hall: Hall) -> Browser:
    """A new one, where nobody is signed in."""
    emptied(portal.dsn)
    return portal.browser()


@pytest.fixture
def signed_in(browser: Browser) -> Browser:
    return browser.sign_in()
