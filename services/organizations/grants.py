"""Grants in requests and answers."""

from functools import lru_cache
from typing import Annotated, TypedDict

from pydantic import AfterValidator, Field

from contracts.permissions import Grant, Limits, Permission, Role

_MOST_PLATFORMS = 1_000
_LIMITED = {"platforms": ["e1d6a3b8-7c5f-4e29-8b0a-5d4c2f1e9a65"]}
_ADDITIONAL = ["audit:read"]


def effective(grant: Grant) -> list[str]:
    """All permissions, in the order of the documentation."""
    held = grant.effective
    return [str(each) for each in Permission if each in held]


def _tidy(limits: Limits) -> Limits:
    if limits.platforms is None:
        return limits
    if len(limits.platforms) > _MOST_PLATFORMS:
        raise ValueError(f"must name at most {_MOST_PLATFORMS:,} platforms")
    return Limits(platforms=tuple(sorted(set(limits.platforms))))


GivenLimits = Annotated[
    Limits,
    AfterValidator(_tidy),
    Field(
        description=f"Trade platforms that the permissions apply to, at most {_MOST_PLATFORMS:,}.", examples=[_LIMITED]
    ),
]
GivenPermissions = Annotated[
    tuple[Permission, ...],
    Field(
        max_length=100, description="Permissions in addition to those of the role, at most 100.", examples=[_ADDITIONAL]
    ),
    AfterValidator(lambda given: tuple(sorted(set(given)))),
]
GivenRole = Annotated[Role | None, Field(description="Role, or null for none.", examples=["viewer"])]

ShownLimits = Annotated[
    Limits, Field(description="Trade platforms that the permissions apply to.", examples=[_LIMITED])
]
ShownPermissions = Annotated[
    list[str],
    Field(
        description="All permissions, those of the role included.",
        examples=[effective(Grant(role=Role.VIEWER, permissions=tuple(_ADDITIONAL)))],
    ),
]
ShownRole = Annotated[
    str | None, Field(description="Role: administrator, manager or viewer; null for none.", examples=["viewer"])
]


class ShownGrant(TypedDict):
    """A grant in an answer; `permissions` are the effective set, with those of the role."""

    role: str | None
    permissions: list[str]
    limits: Limits


@lru_cache(4096)  # members share few different grants
def stored_grant(stored: str) -> Grant:
    """A grant from its text in a read model."""
    return Grant.model_validate_json(stored)


@lru_cache(4096)
def shown_grant(stored: str) -> ShownGrant:
    """A grant in an answer, from its text in a read model; not to be changed."""
    return granted(stored_grant(stored))


def granted(grant: Grant) -> ShownGrant:
    return {"role": grant.role, "permissions": effective(grant), "limits": grant.limits}
