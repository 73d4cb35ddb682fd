"""Events of the organizations context: organizations, members, invitations."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.event import Code, Event
from contracts.permissions import Grant, Limits


class OrganizationEvent(Event):
    """What every event of an organization tells."""

    context: ClassVar[str] = "organizations"
    organization_id: UUID


class OrgCreated(OrganizationEvent):
    """An organization exists. Its owner is its administrator from here on, without a MemberJoined."""

    name: str
    owner: UUID


class OrgRenamed(OrganizationEvent):
    """An organization is called otherwise."""

    from_: str = Field(validation_alias="from", serialization_alias="from")
    to: str


class OrgDeleted(OrganizationEvent):
    """An organization is closed: nobody may act in it, until it is restored or the time is over."""

    restorable_until: AwareDatetime


class OrgRestored(OrganizationEvent):
    """A deleted organization is back, with its members and their rights."""


class MemberInvited(OrganizationEvent):
    """Somebody is offered a membership; the link is claimed by invitation and generation.

    `email` is the address as typed, `invited_by` the user who invites.
    """

    organization_name: str
    invitation_id: UUID
    email: str | None
    role: str | None
    permissions: tuple[str, ...] = ()
    limits: Limits = Limits()
    expires_at: AwareDatetime
    invited_by: UUID
    generation: int


class InvitationEvent(OrganizationEvent):
    """What every event of an invitation tells."""

    invitation_id: UUID


class InvitationResent(InvitationEvent):
    """The invitation has a new link; the one before is dead. `invited_by` is who sent it again."""

    organization_name: str
    email: str | None
    expires_at: AwareDatetime
    invited_by: UUID
    generation: int


class InvitationRevoked(InvitationEvent):
    """The offer was taken back."""


class InvitationDeclined(InvitationEvent):
    """The invited person does not want it."""


class InvitationExpired(InvitationEvent):
    """Nobody answered in time."""


class MemberJoined(OrganizationEvent):
    """A user is a member. By invitation: which one, and whose it was."""

    user_id: UUID
    role: str | None
    permissions: tuple[str, ...] = ()
    limits: Limits = Limits()
    invitation_id: UUID | None = None
    invited_by: UUID | None = None


class MemberPermissionsChanged(OrganizationEvent):
    """A member may do more or less."""

    user_id: UUID
    from_: Grant = Field(validation_alias="from", serialization_alias="from")
    to: Grant


class MemberRemoved(OrganizationEvent):
    """A user is no member any more; `how` is removed or left."""

    user_id: UUID
    how: Code
