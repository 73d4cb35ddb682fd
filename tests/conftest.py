"""A running Tradehall for the journeys, and browsers."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from testing import chromium as real_browser
from testing.driver import Hall
from testing.programs import Programs
from testing.shared import Shared


@pytest.fixture(scope="session")
def programs(tradehall: Shared) -> Programs:
    """Those in which people sign in, known to the running system."""
    return tradehall.programs


@pytest.fixture(scope="session")
def hall(request: pytest.FixtureRequest) -> Iterator[Hall]:
    """The system above, or one that runs already and whose addresses the file TRADEHALL_RUNNING says."""
    running = os.environ.get("TRADEHALL_RUNNING")
    made = Hall(json.loads(Path(running).read_text()) if running else request.getfixturevalue("tradehall").info)
    yield made
    made.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for the tests of one file: while Playwright runs, its event loop is this thread's, and tests
    elsewhere have loops of their own."""
    with real_browser.running() as browser:
        yield browser
