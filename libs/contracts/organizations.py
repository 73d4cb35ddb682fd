"""Events of the organizations context: organizations, members, invitations."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.event import Code, Event
from contracts.permissions import Grant, Limits

_ADDITIONAL = "Permissions in addition to those of the role."


class OrganizationEvent(Event):
    """Fields of every event of an organization."""

    context: ClassVar[str] = "organizations"
    organization_id: UUID


class OrgCreated(OrganizationEvent):
    """An organization was created. Its owner becomes its administrator, without a MemberJoined."""

    name: str
    owner: UUID = Field(description="Id of the user who created the organization.")


class OrgRenamed(OrganizationEvent):
    """An organization was renamed."""

    from_: str = Field(validation_alias="from", serialization_alias="from")
    to: str


class OrgDeleted(OrganizationEvent):
    """An organization was deleted. It is not accessible unless it is restored in time."""

    restorable_until: AwareDatetime = Field(description="When the deletion becomes final.")


class OrgRestored(OrganizationEvent):
    """A deleted organization was restored, with its members and their permissions."""


class MemberInvited(OrganizationEvent):
    """An address was invited to an organization. Notifications requests the link by invitation and generation."""

    organization_name: str
    invitation_id: UUID
    email: str | None = Field(description="The address as typed; null once erased.")
    role: str | None
    permissions: tuple[str, ...] = Field(default=(), description=_ADDITIONAL)
    limits: Limits = Limits()
    expires_at: AwareDatetime
    invited_by: UUID = Field(description="Id of the user who sent the invitation.")
    generation: int = Field(description="Number of the link; only the newest one is valid.")


class InvitationEvent(OrganizationEvent):
    """Fields of every event of an invitation."""

    invitation_id: UUID


class InvitationResent(InvitationEvent):
    """An invitation was resent with a new link. Earlier links are no longer valid."""

    organization_name: str
    email: str | None = Field(description="The address as typed; null once erased.")
    expires_at: AwareDatetime
    invited_by: UUID = Field(description="Id of the user who resent the invitation.")
    generation: int = Field(description="Number of the link; only the newest one is valid.")


class InvitationRevoked(InvitationEvent):
    """An invitation was revoked."""


class InvitationDeclined(InvitationEvent):
    """The invited user declined an invitation."""


class InvitationExpired(InvitationEvent):
    """An invitation expired without an answer."""


class MemberJoined(OrganizationEvent):
    """A user became a member of an organization."""

    user_id: UUID
    role: str | None
    permissions: tuple[str, ...] = Field(default=(), description=_ADDITIONAL)
    limits: Limits = Limits()
    invitation_id: UUID | None = Field(default=None, description="The accepted invitation; null if there was none.")
    invited_by: UUID | None = Field(default=None, description="Id of the user who sent the invitation.")


class MemberPermissionsChanged(OrganizationEvent):
    """A member's role, permissions or limits changed."""

    user_id: UUID
    from_: Grant = Field(validation_alias="from", serialization_alias="from")
    to: Grant


class MemberRemoved(OrganizationEvent):
    """A member was removed from an organization, or left it."""

    user_id: UUID
    how: Code = Field(description="`removed`, `left` or `erased`.")
