"""One running Tradehall for the journeys."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import Tradehall
from tests.driver import Hall


@pytest.fixture(scope="session")
def tradehall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tradehall]:
    """The whole system on embedded servers, shared by the journeys that break nothing."""
    with Tradehall(Path(tmp_path_factory.mktemp("var"))) as system:
        yield system


@pytest.fixture(scope="session")
def hall(tradehall: Tradehall) -> Iterator[Hall]:
    made = Hall(tradehall.info)
    yield made
    made.close()
