"""Fixtures of users with browsers."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from testing.driver import SystemDriver
from tests.browser.browser_user import BrowserUser, browser_user

NewBrowserUser = Callable[..., BrowserUser]


@pytest.fixture
def new_browser_user(driver: SystemDriver, chromium: Browser) -> Iterator[NewBrowserUser]:
    """Creates users with browsers, and checks at the end that no browser reported an error."""
    made: list[BrowserUser] = []

    def new(**options: Any) -> BrowserUser:
        made.append(browser_user(driver, chromium, **options))
        return made[-1]

    yield new
    complaints = [complaint for each in made for complaint in each.complaints]
    for each in made:
        each.page.context.close()
    assert complaints == []
