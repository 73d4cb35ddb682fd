"""A portal in this process, in front of a fake of the public API and the provider."""

from collections.abc import Iterator

import pytest

from portal.service import PortalService
from portal.tests.fake_backend import Browser, FakeBackend, Portal
from testing.servers import Databases, emptied


@pytest.fixture
def postgres_dsn(databases: Databases) -> str:
    """The connection string of a database of its own, with the portal's tables."""
    return databases.migrated(PortalService.migrations)


@pytest.fixture(scope="session")
def portal(databases: Databases) -> Iterator[Portal]:
    """One for all tests: to build its routes takes longer than most tests."""
    with FakeBackend() as backend, Portal(databases.migrated(PortalService.migrations), backend) as made:
        yield made


@pytest.fixture
def backend(portal: Portal) -> FakeBackend:
    portal.backend.reset()
    return portal.backend


@pytest.fixture
def browser(portal: Portal, backend: FakeBackend) -> Browser:
    """A new one, where nobody is signed in."""
    emptied(portal.dsn)
    return portal.browser()


@pytest.fixture
def signed_in(browser: Browser) -> Browser:
    return browser.sign_in()
