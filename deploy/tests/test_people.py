"""The counts in the report of an erasure."""

from typing import Any

import pytest

from deploy.cli.people import _destroyed
from runtime.actions.personal_data import ExportedData


def _found(**rows: list[Any]) -> ExportedData:
    return ExportedData(rows=rows, parked=[], events=[], keys=[])


@pytest.mark.parametrize(
    ("email", "elsewhere"),
    [
        ("ada@example.com", "ADA@example.com"),
        ("Grün@example.com", "grün@example.com"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@xn--bcher-kva.example", "ada@bücher.example"),
    ],
)
def test_remaining_mentions_of_an_address_are_found_whatever_their_case(email: str, elsewhere: str) -> None:
    known, nobody, invited = {"id": "1", "email": email}, {"id": "1", "email": None}, {"id": "2", "email": elsewhere}
    before = _found(people=[known], invitations=[invited, invited], sessions=[{"user": "1"}])
    after = _found(people=[nobody], invitations=[invited])
    assert _destroyed(email, before, after) == {
        "destroyed": {"invitations": 1, "sessions": 1},
        "unreadable": {"people": 1},
        "kept": {"people": 1},
        "left": {"invitations": 1},
    }
