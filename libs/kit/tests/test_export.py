"""A personal data export finds data by address as well, in whatever letters it is written."""

import json
from uuid import uuid4

import pytest

from contracts.email import spellings
from kit.tests.notebook import Notebook
from privacy.export import DataSubject, export


@pytest.mark.parametrize("email", ["ada@example.com", "Grün_%@example.com", "ada@müller.example"])
def test_rows_events_and_keys_are_found_by_an_address(notebook: Notebook, email: str) -> None:
    note = notebook.write("of Ada", email)
    notebook.write("of somebody else", "grunxx@example.com")
    found = export(notebook.database, notebook, DataSubject(uuid4(), [email]))
    assert [row["author"] for row in found.rows["notes"]] == [email]
    assert [event["author"] for event in found.events] == [email]
    assert found.keys == [str(note)]


@pytest.mark.parametrize("looked_for", ["ada@bücher.example", "Ada@xn--bcher-kva.example", "ada@bu\u0308cher.example"])
@pytest.mark.parametrize("stored", ["ada@BÜCHER.example", "ADA@xn--bcher-kva.example", "ada@bu\u0308cher.example"])
def test_a_domain_of_letters_is_found_in_each_of_its_spellings(
    notebook: Notebook, stored: str, looked_for: str
) -> None:
    notebook.write("of Ada", stored)
    keep_dead_letter(notebook, "ada", {"email": stored, "invited_by": "eve@bücher.example"})
    keep_dead_letter(notebook, "eve", {"email": "eve@bücher.example"})
    found = export(notebook.database, notebook, DataSubject(uuid4(), spellings(looked_for)))
    assert [row["author"] for row in found.rows["notes"]] == [stored]
    assert [event["author"] for event in found.events] == [stored]
    ((message),) = found.dead_letters
    assert message["durable"] == "ada"
    assert json.loads(message["payload"]) == {"email": stored, "invited_by": "[another person's address]"}


def keep_dead_letter(notebook: Notebook, durable: str, payload: dict[str, str]) -> None:
    """As JSON with escapes, which Python writes by itself."""
    notebook.database.execute(
        "INSERT INTO parked (durable, source, subject, sequence, type, payload, error, attempts) "
        "VALUES (%s, 's', 's', 1, 't', %s, 'e', 1)",
        (durable, json.dumps(payload).encode()),
    )
