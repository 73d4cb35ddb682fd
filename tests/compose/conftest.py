"""The composition under test, and somebody who was there before every restart."""

import os

import pytest

from testing.driver import SystemDriver, UserDriver
from tests.compose import Composition


@pytest.fixture(scope="module")
def composition() -> Composition:
    return Composition(dict(os.environ))


@pytest.fixture(scope="module")
def ada(driver: SystemDriver) -> UserDriver:
    return driver.new_user("ada")
