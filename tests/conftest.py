"""One running Tradehall, shared by the system tests."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from deploy.local import Tradehall
from embedded import temporary_folder
from testing import chromium as real_browser
from testing.driver import SystemDriver
from tests.conformance.programs import Programs


@pytest.fixture(scope="session")
def programs() -> Programs:
    """The first-party programs of the running system."""
    return Programs()


@pytest.fixture(scope="session")
def tradehall(programs: Programs) -> Iterator[Tradehall]:
    """The whole system on embedded servers, shared by the tests that break nothing."""
    environment = {**os.environ, **programs.environment}
    with temporary_folder() as var, Tradehall(var, environment=environment, demo=True) as system:
        yield system


@pytest.fixture(scope="session")
def driver(request: pytest.FixtureRequest) -> Iterator[SystemDriver]:
    """Drives the system above, or the running one that the file TRADEHALL_RUNNING describes."""
    running = os.environ.get("TRADEHALL_RUNNING")
    made = SystemDriver(json.loads(Path(running).read_text()) if running else request.getfixturevalue("tradehall").info)
    yield made
    made.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for the tests of one file: while Playwright runs, its event loop is this thread's, and tests
    elsewhere have loops of their own."""
    with real_browser.running() as browser:
        yield browser
