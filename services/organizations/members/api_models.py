"""Bodies and answers of the routes of members."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field
from typing_extensions import TypedDict

from contracts.permissions import Limits
from kit.http.fields import Body
from organizations.grants import (
    GivenLimits,
    GivenPermissions,
    GivenRole,
    ShownLimits,
    ShownPermissions,
    ShownRole,
    shown_grant,
)
from organizations.members.views import Member

UserId = Annotated[UUID, Field(description="Id of the user.", examples=["2d9a7c44-0b1e-4c55-9f67-1e8b3a5d7c32"])]
MemberEmail = Annotated[
    str | None,
    Field(
        description="Email address of the user; null while it is not known here yet, and after the user was erased.",
        examples=["bob@broker.example"],
    ),
]
MemberName = Annotated[
    str | None,
    Field(
        description="Name of the user; null while it is not known here yet, and after the user was erased.",
        examples=["Bob"],
    ),
]
JoinedAt = Annotated[
    AwareDatetime,
    Field(description="Time at which the user joined (RFC 3339, UTC).", examples=["2026-03-16T14:05:00Z"]),
]


class MemberChange(Body):
    """Changes of a member. Fields that are left out keep their values."""

    # Factories, because defaults would be shown in the document.
    role: GivenRole = Field(default_factory=lambda: None)
    permissions: GivenPermissions = Field(default_factory=tuple)
    limits: GivenLimits = Field(default_factory=Limits)


class MemberAnswer(TypedDict):
    """A member of an organization."""

    # No model: a page of them is shown without validating each field again.

    user_id: UserId
    email: MemberEmail
    name: MemberName
    role: ShownRole
    permissions: ShownPermissions
    limits: ShownLimits
    joined_at: JoinedAt


def member_answer(member: Member) -> MemberAnswer:
    return {
        "user_id": member.user_id,
        "email": member.email,
        "name": member.name,
        **shown_grant(member.granted),
        "joined_at": member.joined_at,
    }
