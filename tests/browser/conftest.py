"""A real browser for the tests of pages."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.surfing import Surfer, surfer
from tests.driver import Hall

_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_MISSING = "Chromium is missing: apt-get install chromium, or name the program in TRADEHALL_CHROMIUM"

NewSurfer = Callable[..., Surfer]


def chromium() -> str:
    """The program's path. Without one the tests of pages skip, but in continuous integration they fail."""
    path = os.environ.get("TRADEHALL_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail(_MISSING)
        pytest.skip(_MISSING)
    return path


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=_FLAGS)
        yield started
        started.close()


@pytest.fixture
def new_surfer(hall: Hall, browser: Browser) -> Iterator[NewSurfer]:
    """Makes people with browsers; at the end no browser may have complained of anything."""
    made: list[Surfer] = []

    def new(**options: Any) -> Surfer:
        made.append(surfer(hall, browser, **options))
        return made[-1]

    yield new
    complaints = [complaint for each in made for complaint in each.complaints]
    for each in made:
        each.page.context.close()
    assert complaints == []
