"""One running Tradehall for the journeys."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from deploy.local import Tradehall
from embedded import temporary_folder
from tests import chromium as real_browser
from tests.conformance.programs import Programs
from tests.driver import Hall


@pytest.fixture(scope="session")
def programs() -> Programs:
    """Those in which people sign in, known to the running system."""
    return Programs()


@pytest.fixture(scope="session")
def tradehall(programs: Programs) -> Iterator[Tradehall]:
    """The whole system on embedded servers, shared by the journeys that break nothing."""
    environment = {**os.environ, **programs.environment}
    with temporary_folder() as var, Tradehall(var, environment=environment, demo=True) as system:
        yield system


@pytest.fixture(scope="session")
def hall(tradehall: Tradehall) -> Iterator[Hall]:
    made = Hall(tradehall.info)
    yield made
    made.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for the tests of one file: while Playwright runs, its event loop is this thread's, and tests
    elsewhere have loops of their own."""
    with real_browser.running() as browser:
        yield browser
