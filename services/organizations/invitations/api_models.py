"""Bodies and answers of the routes of invitations."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from contracts.permissions import Limits
from kit.http.fields import Body, Email
from organizations.grants import (
    GivenLimits,
    GivenPermissions,
    GivenRole,
    ShownLimits,
    ShownPermissions,
    ShownRole,
    granted,
    shown_grant,
)
from organizations.invitations.domain import Invitation
from organizations.invitations.service import Offer
from organizations.invitations.views import Invited
from organizations.members.api_models import JoinedAt, MemberEmail, MemberName, UserId
from organizations.members.service import Member

_EMAIL = "grace@broker.example"
InvitedEmail = Annotated[
    str | None,
    Field(
        description="Email address that the invitation is for; null after the invited user was erased.",
        examples=[_EMAIL],
    ),
]
Status = Annotated[
    str,
    Field(description="One of pending, accepted, declined, revoked and expired.", examples=["pending"]),
]
ExpiresAt = Annotated[
    AwareDatetime,
    Field(description="Time at which the invitation expires (RFC 3339, UTC).", examples=["2026-03-23T14:05:00Z"]),
]


class InvitationCreation(Body):
    """An invitation to send."""

    email: Email = Field(description="Email address to invite.", examples=[_EMAIL])
    role: GivenRole
    permissions: GivenPermissions = ()
    limits: GivenLimits = Limits()


class InvitationAnswer(BaseModel):
    """An invitation to an organization."""

    id: UUID = Field(description="Id of the invitation.", examples=["94f7c2d5-1e8a-4a3b-9c6d-7b0e5f2a8c76"])
    email: InvitedEmail
    role: ShownRole
    permissions: ShownPermissions
    limits: ShownLimits
    status: Status
    expires_at: ExpiresAt

    @classmethod
    def of(cls, row: Invited | Invitation) -> "InvitationAnswer":
        return cls(id=row.id, email=row.email, status=row.status, expires_at=row.expires_at, **granted(row.grant))


class OfferAnswer(BaseModel):
    """An invitation, as the holder of its link sees it."""

    organization: str = Field(description="Name of the organization.", examples=["North Sea Brokers"])
    invited_by: str | None = Field(
        description="Name of the user who sent the invitation, or their email address if they have no name; null if "
        "neither is known.",
        examples=["Ada"],
    )
    email: InvitedEmail
    status: Status
    expires_at: ExpiresAt

    @classmethod
    def of(cls, offer: Offer) -> "OfferAnswer":
        return cls(
            organization=offer.organization_name,
            invited_by=offer.invited_by,
            email=offer.invitation.email,
            status=offer.invitation.status,
            expires_at=offer.invitation.expires_at,
        )


class MembershipAnswer(BaseModel):
    """The membership that results from an accepted invitation."""

    organization_id: UUID = Field(
        description="Id of the organization.", examples=["5b0e6c1a-3f0d-5d0c-9d43-0a6a4c9e7d11"]
    )
    user_id: UserId
    email: MemberEmail
    name: MemberName
    role: ShownRole
    permissions: ShownPermissions
    limits: ShownLimits
    joined_at: JoinedAt

    @classmethod
    def of(cls, member: Member) -> "MembershipAnswer":
        return cls(
            organization_id=member.organization_id,
            user_id=member.user_id,
            email=member.email,
            name=member.name,
            joined_at=member.joined_at,
            **shown_grant(member.granted),
        )
