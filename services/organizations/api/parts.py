"""What several routes share: grants in requests and answers, and list positions."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, Field

from contracts.permissions import Grant, Limits, Permission, Role
from kit.errors import Invalid
from kit.http.pagination import Paging
from organizations.views.organizations import Place

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
    """`role`, `permissions` (the effective set, the role's included) and `limits` of an answer."""
    return {"role": grant.role, "permissions": effective(grant), "limits": grant.limits}


def effective(grant: Grant) -> list[str]:
    """All permissions, in the order of the documentation."""
    held = grant.effective
    return [str(each) for each in Permission if each in held]


def place(paging: Paging) -> Place:
    """The (time, id) that a cursor holds. Raises Invalid for a cursor of another list."""
    if paging.after is None:
        return None
    try:
        time, identifier = paging.after
        at = datetime.fromisoformat(time)
        if at.tzinfo is None:
            raise ValueError("a time without zone")
        return at, UUID(identifier)
    except (ValueError, TypeError, AttributeError) as error:
        raise Invalid("cursor", "is not one that this list gave; take next_cursor as it is") from error
