"""A notebook on an empty database."""

from collections.abc import Iterator

import pytest

from kit.tests.notebook import Notebook, open_notebook


@pytest.fixture
def notebook(postgres_dsn: str) -> Iterator[Notebook]:
    book = open_notebook(postgres_dsn)
    yield book
    book.database.close()
