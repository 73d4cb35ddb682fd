"""Roles, scopes, limits, and who may grant what."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.permissions import (
    ALL_PERMISSIONS,
    ROLES,
    SCOPE_NEEDS,
    Grant,
    Limits,
    Permission,
    Role,
    Scope,
    effective,
    lacking_for,
)

A, B = uuid4(), uuid4()
roles = st.none() | st.sampled_from(Role)
extras = st.frozensets(st.sampled_from(Permission))


def test_roles_are_the_named_sets() -> None:
    assert effective("administrator", []) == ALL_PERMISSIONS
    assert effective("manager", []) == {
        "platforms:read",
        "platforms:write",
        "credentials:write",
        "clients:read",
        "clients:write",
        "members:read",
    }
    assert effective("viewer", []) == {"platforms:read", "clients:read", "members:read"}
    assert effective(None, []) == set()
    assert set(ROLES) == set(Role)


def test_additional_permissions_extend_the_role() -> None:
    assert effective("viewer", ["audit:read"]) == ROLES["viewer"] | {"audit:read"}


def test_unknown_names_grant_nothing() -> None:
    assert effective("auditor", ["webhooks:write", "audit:read"]) == {"audit:read"}


@given(roles, extras)
def test_effective_is_idempotent(role: Role | None, extra: frozenset[str]) -> None:
    assert effective(role, effective(role, extra)) == effective(role, extra)


def test_every_scope_names_the_permission_its_granter_needs() -> None:
    assert set(SCOPE_NEEDS) == set(Scope)


@pytest.mark.parametrize(
    ("scopes", "held", "lacking"),
    [
        (["platforms:read"], "viewer", set()),
        (["platforms:write"], "viewer", {"platforms:write"}),
        (["accounts:read"], "viewer", set()),
        (["events:read"], "manager", {"audit:read"}),
        (["credentials:write", "audit:read"], "manager", {"audit:read"}),
        (["accounts:read-personal"], "administrator", set()),
        (["accounts:read-personal"], "manager", ALL_PERMISSIONS - ROLES["manager"]),
        ([], None, set()),
    ],
)
def test_a_scope_needs_its_permission_in_the_granter(scopes: list[str], held: str | None, lacking: set[str]) -> None:
    assert lacking_for(scopes, effective(held, [])) == lacking


def test_an_unknown_scope_is_an_error() -> None:
    with pytest.raises(KeyError):
        lacking_for(["everything"], ALL_PERMISSIONS)


def test_limits_reach_the_platforms_they_name() -> None:
    assert Limits().allow(A)
    assert Limits(platforms=(A,)).allow(A)
    assert not Limits(platforms=(A,)).allow(B)
    assert not Limits(platforms=()).allow(A)


@pytest.mark.parametrize(
    ("inner", "outer", "within"),
    [
        (None, None, True),
        ((A,), None, True),
        (None, (A,), False),
        ((A,), (A, B), True),
        ((A, B), (B,), False),
        ((), (), True),
    ],
)
def test_limits_within_others(inner: tuple[object, ...] | None, outer: tuple[object, ...] | None, within: bool) -> None:
    first, second = (Limits.model_validate({"platforms": each}) for each in (inner, outer))
    assert first.within(second) is within


def test_limits_refuse_what_they_do_not_know() -> None:
    with pytest.raises(ValidationError):
        Limits.model_validate({"platforms": None, "accounts": []})


def test_nobody_grants_more_than_they_have() -> None:
    manager = Grant(role="manager")

    assert Grant(role="administrator").covers(manager)
    assert manager.covers(Grant(role="viewer"))
    assert not manager.covers(Grant(role="viewer", permissions=("audit:read",)))
    assert not Grant(role="manager", limits=Limits(platforms=(A,))).covers(Grant(role="viewer"))


@given(roles, extras)
def test_members_may_grant_what_they_have(role: Role | None, extra: frozenset[str]) -> None:
    grant = Grant(role=role, permissions=tuple(extra))
    assert grant.covers(grant)
