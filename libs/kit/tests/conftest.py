"""A notebook on an empty database."""

from collections.abc import Iterator

import pytest

from kit.tests.notebook import MIGRATIONS, Notebook, open_notebook
from testing.servers import Databases


@pytest.fixture
def notebook(databases: Databases) -> Iterator[Notebook]:
    book = open_notebook(databases.migrated(MIGRATIONS))
    yield book
    book.database.close()
