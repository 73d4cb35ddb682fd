"""Grants as requests give them and answers show them."""

from uuid import UUID

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts.permissions import ROLES, Grant, Limits, Permission
from organizations.grants import GivenLimits, GivenPermissions, effective, granted, shown_grant, stored_grant

LIMITS: TypeAdapter[Limits] = TypeAdapter(GivenLimits)
PERMISSIONS: TypeAdapter[tuple[Permission, ...]] = TypeAdapter(GivenPermissions)


def platforms(number: int) -> list[UUID]:
    return [UUID(int=each) for each in range(number)]


def test_platforms_are_named_once_and_in_order() -> None:
    given = LIMITS.validate_python({"platforms": [UUID(int=2), UUID(int=1), UUID(int=2)]})
    assert given == Limits(platforms=(UUID(int=1), UUID(int=2)))


@pytest.mark.parametrize("named", [None, []])
def test_no_limit_and_no_platform_are_two_things(named: list[UUID] | None) -> None:
    assert LIMITS.validate_python({"platforms": named}).platforms == (None if named is None else ())


def test_at_most_a_thousand_platforms_are_named() -> None:
    assert len(LIMITS.validate_python({"platforms": platforms(1000)}).platforms or ()) == 1000
    with pytest.raises(ValidationError, match="must name at most 1,000 platforms"):
        LIMITS.validate_python({"platforms": platforms(1001)})


def test_permissions_are_given_once_and_in_order_a_hundred_at_most() -> None:
    assert PERMISSIONS.validate_python(["platforms:read", "audit:read", "platforms:read"]) == (
        "audit:read",
        "platforms:read",
    )
    assert PERMISSIONS.validate_python(["audit:read"] * 100) == ("audit:read",)
    with pytest.raises(ValidationError, match="at most 100"):
        PERMISSIONS.validate_python(["audit:read"] * 101)
    with pytest.raises(ValidationError):
        PERMISSIONS.validate_python(["everything"])


def test_an_answer_shows_the_permissions_of_the_role_too() -> None:
    limits = Limits(platforms=(UUID(int=1),))
    grant = Grant.model_validate({"role": "viewer", "permissions": ["audit:read"], "limits": limits})
    shown = {*ROLES["viewer"], "audit:read"}
    assert set(effective(grant)) == shown
    assert effective(grant) == [str(each) for each in Permission if each in shown]
    assert granted(grant) == {"role": "viewer", "permissions": effective(grant), "limits": limits}
    stored = grant.model_dump_json()
    assert (stored_grant(stored), shown_grant(stored)) == (grant, granted(grant))
