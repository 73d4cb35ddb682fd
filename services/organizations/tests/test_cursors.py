"""A cursor that another list gave, or none, is refused by every list."""

import base64
import json
from typing import Any

import pytest

from organizations.tests.http_helpers import BASE, make, refused
from organizations.tests.running_service import RunningOrganizations

_ID = "0b7f2d3c-1111-4c5d-9e6f-000000000001"
FOREIGN: list[Any] = [
    [],
    [True],
    [7],
    ["a"],
    ["2026-01-01T00:00:00+00:00"],
    ["2026-01-01T00:00:00+00:00", 7],
    ["2026-01-01T00:00:00+00:00", "no id"],
    [7, _ID],
    ["yesterday", _ID],
    ["2026-01-01T00:00:00+00:00", _ID, "more"],
]


@pytest.mark.parametrize("values", FOREIGN, ids=json.dumps)
def test_a_foreign_cursor_is_refused_by_every_list(running: RunningOrganizations, values: list[Any]) -> None:
    owner = running.user()
    path = make(owner)
    client = running.client(path.rpartition("/")[2], "audit:read")
    cursor = base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")
    for caller, route in (
        (owner, f"{BASE}?"),
        (owner, f"{BASE}?deleted=true&"),
        (client, f"{BASE}?"),
        (owner, f"{path}/members?"),
        (owner, f"{path}/invitations?"),
        (owner, f"{path}/audit?"),
    ):
        refused(caller.get(f"{route}cursor={cursor}"), 422, "invalid")
    exported = owner.get(f"{path}/audit", params={"cursor": cursor}, headers={"Accept": "text/csv"})
    refused(exported, 422, "invalid")
