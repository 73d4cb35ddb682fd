"""People with browsers."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from testing.driver import SystemDriver
from tests.browser.surfing import Surfer, surfer

NewSurfer = Callable[..., Surfer]


@pytest.fixture
def new_surfer(driver: SystemDriver, chromium: Browser) -> Iterator[NewSurfer]:
    """Makes people with browsers; at the end no browser may have complained of anything."""
    made: list[Surfer] = []

    def new(**options: Any) -> Surfer:
        made.append(surfer(driver, chromium, **options))
        return made[-1]

    yield new
    complaints = [complaint for each in made for complaint in each.complaints]
    for each in made:
        each.page.context.close()
    assert complaints == []
