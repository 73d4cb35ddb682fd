"""What the report of an erasure counts."""

from typing import Any

import pytest

from deploy.cli.people import _destroyed


def _found(**rows: list[Any]) -> dict[str, Any]:
    return {"rows": rows, "parked": [], "events": [], "keys": []}


@pytest.mark.parametrize("email", ["ada@example.com", "Grün@example.com"])
def test_what_names_the_address_still_is_left_whatever_letters_it_has(email: str) -> None:
    known, nobody = {"id": "1", "email": email}, {"id": "1", "email": None}
    before = _found(people=[known], invitations=[known, known], sessions=[{"user": "1"}])
    after = _found(people=[nobody], invitations=[known])
    assert _destroyed(email, before, after) == {
        "destroyed": {"invitations": 1, "sessions": 1},
        "unreadable": {"people": 1},
        "kept": {"people": 1},
        "left": {"invitations": 1},
    }
