"""A real browser: Debian's Chromium, driven by Playwright."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

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
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_MISSING = "Chromium is missing: apt-get install chromium, or name the program in TRADEHALL_CHROMIUM"


@contextmanager
def running() -> Iterator[Browser]:
    """The browser. Where there is none the test skips; in continuous integration (CI=true) it fails."""
    program = os.environ.get("TRADEHALL_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail(_MISSING)
        pytest.skip(_MISSING)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=_FLAGS)
        yield started
        started.close()
