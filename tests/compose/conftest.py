"""The composition under test, and somebody who was there before every restart."""

import os

import pytest

from tests.compose import Composition
from tests.driver import Hall, Person


@pytest.fixture(scope="module")
def composition() -> Composition:
    return Composition(dict(os.environ))


@pytest.fixture(scope="module")
def ada(hall: Hall) -> Person:
    return hall.newcomer("ada")
