"""What is held about a person is found by address as well, in whatever letters it is written."""

from uuid import uuid4

import pytest

from kit.held import Person, held
from kit.tests.notebook import Notebook


@pytest.mark.parametrize("email", ["ada@example.com", "Grün_%@example.com", "ada@müller.example"])
def test_rows_events_and_keys_are_found_by_an_address(notebook: Notebook, email: str) -> None:
    note = notebook.write("of Ada", email)
    notebook.write("of somebody else", "grunxx@example.com")
    found = held(notebook.database, notebook, Person(uuid4(), email))
    assert [row["author"] for row in found.rows["notes"]] == [email]
    assert [event["author"] for event in found.events] == [email]
    assert found.keys == [str(note)]
