"""One running Tradehall, shared by the system tests."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from testing import chromium as real_browser
from testing.driver import SystemDriver
from testing.programs import Programs
from testing.shared import Shared


@pytest.fixture(scope="session")
def programs(tradehall: Shared) -> Programs:
    """The first-party programs of the running system."""
    return tradehall.programs


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
