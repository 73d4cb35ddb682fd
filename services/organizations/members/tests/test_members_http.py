"""The routes of members, on the whole service with real tokens, NATS and PostgreSQL."""

from typing import Any
from uuid import uuid4

import pytest

from contracts.permissions import ROLES, Permission
from organizations.tests.http_helpers import invite, join, make, refused
from organizations.tests.running_service import RunningOrganizations


def test_a_members_grant_changes_only_in_the_given_fields(running: RunningOrganizations) -> None:
    owner = running.user()
    path = make(owner)
    member = join(running, owner, path, permissions=["audit:read", "audit:read"])
    platform = str(uuid4())
    target = f"{path}/members/{member.id}"
    before = owner.get(f"{path}/members").json()["items"][1]
    assert list(before) == ["user_id", "email", "name", "role", "permissions", "limits", "joined_at"]
    assert before["permissions"] == [each for each in Permission if each in {*ROLES["viewer"], "audit:read"}]
    limited = owner.patch(target, json={"limits": {"platforms": [platform, platform]}}).json()
    assert limited == {**before, "limits": {"platforms": [platform]}}
    manager = owner.patch(target, json={"role": "manager"}).json()
    assert (manager["role"], manager["limits"]) == ("manager", {"platforms": [platform]})
    assert "audit:read" in manager["permissions"]
    bare = owner.patch(target, json={"role": None, "permissions": []}).json()
    assert (bare["role"], bare["permissions"]) == (None, [])
    assert owner.patch(target, json={"limits": {"platforms": None}}).json()["limits"] == {"platforms": None}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"role": "owner"}, "role"),
        ({"permissions": ["everything"]}, "permissions.0"),
        ({"permissions": ["accounts:read"]}, "permissions.0"),
        ({"permissions": None}, "permissions"),
        ({"limits": {"platforms": ["x"]}}, "limits.platforms.0"),
        ({"limits": {"accounts": []}}, "limits.accounts"),
        ({"limits": {"platforms": [str(uuid4()) for _ in range(1_001)]}}, "limits"),
        ({"joined_at": "2026-01-01"}, "joined_at"),
    ],
)
def test_unknown_roles_permissions_and_limits_are_refused(
    running: RunningOrganizations, body: dict[str, Any], field: str
) -> None:
    owner = running.user()
    path = make(owner)
    invitation = {"email": "ann@example.com", "role": "viewer", **body}
    for answer in (
        owner.patch(f"{path}/members/me", json=body),
        owner.post(f"{path}/invitations", json=invitation),
    ):
        refused(answer, 422, "invalid")
        assert answer.json()["errors"][0]["field"] == field


def test_the_last_administrator_can_neither_leave_nor_be_demoted(running: RunningOrganizations) -> None:
    owner = running.user()
    path = make(owner)
    refused(owner.delete(f"{path}/members/me"), 409, "last-administrator")
    refused(owner.delete(f"{path}/members/{owner.id}"), 409, "last-administrator")
    refused(owner.patch(f"{path}/members/me", json={"role": "viewer"}), 409, "last-administrator")
    other = join(running, owner, path, role="administrator")
    assert owner.delete(f"{path}/members/me").status_code == 204
    refused(owner.get(path), 404, "not-found")
    assert [member["user_id"] for member in other.get(f"{path}/members").json()["items"]] == [str(other.id)]


def test_actions_without_the_permission_are_refused(running: RunningOrganizations) -> None:
    owner = running.user()
    path = make(owner)
    viewer = join(running, owner, path)
    clerk = join(running, owner, path, permissions=["members:write"])
    for answer in (
        viewer.patch(path, json={"name": "x"}),
        viewer.delete(path),
        viewer.patch(f"{path}/members/{clerk.id}", json={"role": None}),
        invite(viewer, path, "ann@example.com"),
        viewer.get(f"{path}/audit"),
        viewer.get(f"{path}/events"),
        owner.get(f"{path}/events"),
    ):
        refused(answer, 403, "permission-missing")
    for answer in (
        viewer.delete(f"{path}/members/{clerk.id}"),
        clerk.patch(f"{path}/members/{viewer.id}", json={"role": "administrator"}),
        clerk.patch(f"{path}/members/{owner.id}", json={"role": None}),
        clerk.delete(f"{path}/members/{owner.id}"),
        invite(clerk, path, "ann@example.com", role="manager"),
    ):
        refused(answer, 403, "grant-exceeds-own")
    for answer in (
        owner.patch(f"{path}/members/{uuid4()}", json={}),
        owner.delete(f"{path}/members/{uuid4()}"),
        owner.delete(f"{path}/members/nobody"),
        owner.post(f"{path}/invitations/{uuid4()}/resend"),
        owner.delete(f"{path}/invitations/{uuid4()}"),
    ):
        refused(answer, 404, "not-found")
    assert viewer.delete(f"{path}/members/me").status_code == 204
