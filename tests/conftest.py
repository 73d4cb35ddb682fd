"""One running Tradehall for the journeys."""

from collections.abc import Iterator

import pytest

from deploy.local import Tradehall
from embedded import temporary_folder
from tests.driver import Hall


@pytest.fixture(scope="session")
def tradehall() -> Iterator[Tradehall]:
    """The whole system on embedded servers, shared by the journeys that break nothing."""
    with temporary_folder() as var, Tradehall(var) as system:
        yield system


@pytest.fixture(scope="session")
def hall(tradehall: Tradehall) -> Iterator[Hall]:
    made = Hall(tradehall.info)
    yield made
    made.close()
