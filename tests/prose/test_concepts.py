"""The permissions, roles and scopes of docs/concepts.md are those of the code."""

import re
from pathlib import Path

from contracts.permissions import ROLES, Permission, Role, Scope

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "concepts.md").read_text(encoding="utf-8")


def test_the_table_of_permissions_shows_the_roles() -> None:
    header, *rows = re.findall(r"^\| (.*) \|$", PAGE, re.MULTILINE)
    roles = header.split(" | ")[2:]
    shown: dict[str, set[str]] = {role: set() for role in roles}
    listed = []
    for row in rows:
        permission, allows, *marks = (cell.strip() for cell in row.split("|"))
        listed.append(permission.strip("`"))
        assert allows
        for role, mark in zip(roles, marks, strict=True):
            assert mark in ("✓", "")
            shown[role] |= {listed[-1]} if mark else set()
    assert roles == [*Role]
    assert listed == [*Permission]
    assert shown == ROLES


def test_the_scopes_of_clients_are_listed() -> None:
    listed = re.search(r"\*\*scopes\*\* say what it may do:([^.]*)\.", PAGE)
    assert listed
    assert re.findall(r"`([^`]+)`", listed[1]) == [*Scope]
