"""Grants in requests and answers."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from contracts.permissions import Grant, Limits, Permission, Role

_MOST_PLATFORMS = 1_000


def _tidy(limits: Limits) -> Limits:
    if limits.platforms is None:
        return limits
    if len(limits.platforms) > _MOST_PLATFORMS:
        raise ValueError(f"must name at most {_MOST_PLATFORMS:,} platforms")
    return Limits(platforms=tuple(sorted(set(limits.platforms))))


GivenLimits = Annotated[Limits, AfterValidator(_tidy)]
GivenPermissions = Annotated[
    tuple[Permission, ...],
    Field(max_length=100, description="additions to what the role holds"),
    AfterValidator(lambda given: tuple(sorted(set(given)))),
]
GivenRole = Role | None


def granted(grant: Grant) -> dict[str, Any]:
    """`role`, `permissions` (the effective set, with those of the role) and `limits` of an answer."""
    return {"role": grant.role, "permissions": effective(grant), "limits": grant.limits}


def effective(grant: Grant) -> list[str]:
    """All permissions, in the order of the documentation."""
    held = grant.effective
    return [str(each) for each in Permission if each in held]
