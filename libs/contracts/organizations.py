"""Events of the organizations context: organizations, members, invitations."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.event import Code, Event
from contracts.fields import (
    ErasableEmail,
    InvitationId,
    LinkGeneration,
    OrganizationId,
    OrganizationName,
    Permissions,
    Role,
    UserId,
)
from contracts.permissions import Grant, Limits


class OrganizationEvent(Event):
    """Fields of every event of an organization."""

    context: ClassVar[str] = "organizations"
    organization_id: OrganizationId


class OrgCreated(OrganizationEvent):
    """An organization was created. Its owner becomes its administrator, without a MemberJoined."""

    name: str = Field(description="Name of the organization.")
    owner: UUID = Field(description="Id of the user who created the organization.")


class OrgRenamed(OrganizationEvent):
    """An organization was renamed."""

    from_: str = Field(validation_alias="from", serialization_alias="from", description="The name before.")
    to: str = Field(description="The name after.")


class OrgDeleted(OrganizationEvent):
    """An organization was deleted. It is not accessible unless it is restored in time."""

    restorable_until: AwareDatetime = Field(description="When the deletion becomes final.")


class OrgRestored(OrganizationEvent):
    """A deleted organization was restored, with its members and their permissions."""


class MemberInvited(OrganizationEvent):
    """An address was invited to an organization. Notifications requests the link by invitation and generation."""

    organization_name: OrganizationName
    invitation_id: InvitationId
    email: ErasableEmail
    role: Role
    permissions: Permissions = ()
    limits: Limits = Field(default=Limits(), description="Platforms that the permissions apply to.")
    expires_at: AwareDatetime = Field(description="When the link expires.")
    invited_by: UUID = Field(description="Id of the user who sent the invitation.")
    generation: LinkGeneration


class InvitationEvent(OrganizationEvent):
    """Fields of every event of an invitation."""

    invitation_id: InvitationId


class InvitationResent(InvitationEvent):
    """An invitation was resent with a new link. Earlier links are no longer valid."""

    organization_name: OrganizationName
    email: ErasableEmail
    expires_at: AwareDatetime = Field(description="When the link expires.")
    invited_by: UUID = Field(description="Id of the user who resent the invitation.")
    generation: LinkGeneration


class InvitationRevoked(InvitationEvent):
    """An invitation was revoked."""


class InvitationDeclined(InvitationEvent):
    """The invited user declined an invitation."""


class InvitationExpired(InvitationEvent):
    """An invitation expired without an answer."""


class MemberJoined(OrganizationEvent):
    """A user became a member of an organization."""

    user_id: UserId
    role: Role
    permissions: Permissions = ()
    limits: Limits = Field(default=Limits(), description="Platforms that the permissions apply to.")
    invitation_id: UUID | None = Field(default=None, description="The accepted invitation; null if there was none.")
    invited_by: UUID | None = Field(default=None, description="Id of the user who sent the invitation.")


class MemberPermissionsChanged(OrganizationEvent):
    """A member's role, permissions or limits changed."""

    user_id: UserId
    from_: Grant = Field(
        validation_alias="from", serialization_alias="from", description="Role, permissions and limits before."
    )
    to: Grant = Field(description="Role, permissions and limits after.")


class MemberRemoved(OrganizationEvent):
    """A member was removed from an organization, or left it."""

    user_id: UserId
    how: Code = Field(description="`removed`, `left` or `erased`.")
