"""The public face: which contract event each private event becomes."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from contracts import organizations as contract
from contracts.envelope import Envelope
from contracts.event import Event
from contracts.permissions import Grant
from kit.eventstore.store import Recorded
from kit.messaging.relay import Outgoing
from organizations.domain import Invitation, Organization

CONTEXT = "organizations"
Translate = Callable[[Any], Event]


def envelope_of(recorded: Recorded, epoch: str) -> Envelope | None:
    """A stored event as it stands on the bus; None for one that is private."""
    translate = PUBLIC.get(type(recorded.event))
    if translate is None:
        return None
    event = recorded.event
    return Envelope.of(
        translate(event),
        context=CONTEXT,
        epoch=epoch,
        sequence=recorded.sequence,
        version=recorded.version,
        aggregate_id=recorded.aggregate_id,
        time=recorded.time,
        organization=_organization(event),
        actor=event.by,
        correlationid=event.correlation,
        causationid=event.causation,
        traceparent=event.traceparent,
    )


def publish(recorded: Recorded, epoch: str) -> Outgoing | None:
    """The message for the relay."""
    envelope = envelope_of(recorded, epoch)
    if envelope is None:
        return None
    return Outgoing(envelope.bus_subject, envelope.id, envelope.to_json())


def _organization(event: Any) -> UUID:
    """Events of an invitation name their organization; the others' aggregate is it."""
    organization: UUID = getattr(event, "organization_id", event.originator_id)
    return organization


def _invited(event: Invitation.MemberInvited) -> Event:
    grant = Grant.model_validate(event.grant)
    return contract.MemberInvited(
        organization_id=event.organization_id,
        organization_name=event.organization_name,
        invitation_id=event.originator_id,
        email=event.email,
        role=grant.role,
        permissions=grant.permissions,
        limits=grant.limits,
        expires_at=event.expires_at,
        invited_by=event.invited_by,
        generation=1,
    )


def _resent(event: Invitation.InvitationResent) -> Event:
    return contract.InvitationResent(
        organization_id=event.organization_id,
        organization_name=event.organization_name,
        invitation_id=event.originator_id,
        email=event.email,
        expires_at=event.expires_at,
        invited_by=event.invited_by,
        generation=event.generation,
    )


def _joined(event: Organization.MemberJoined) -> Event:
    grant = Grant.model_validate(event.grant)
    return contract.MemberJoined(
        organization_id=event.originator_id,
        user_id=event.user_id,
        role=grant.role,
        permissions=grant.permissions,
        limits=grant.limits,
        invitation_id=event.invitation_id,
        invited_by=event.invited_by,
    )


def _answer(kind: type[contract.InvitationEvent]) -> Translate:
    return lambda event: kind(organization_id=event.organization_id, invitation_id=event.originator_id)


PUBLIC: Mapping[type, Translate] = {
    Organization.OrgCreated: lambda e: contract.OrgCreated(organization_id=e.originator_id, name=e.name, owner=e.owner),
    Organization.OrgRenamed: lambda e: contract.OrgRenamed(organization_id=e.originator_id, from_=e.from_, to=e.to),
    Organization.OrgDeleted: lambda e: contract.OrgDeleted(
        organization_id=e.originator_id, restorable_until=e.restorable_until
    ),
    Organization.OrgRestored: lambda e: contract.OrgRestored(organization_id=e.originator_id),
    Organization.MemberJoined: _joined,
    Organization.MemberPermissionsChanged: lambda e: contract.MemberPermissionsChanged(
        organization_id=e.originator_id, user_id=e.user_id, from_=Grant(**e.from_), to=Grant(**e.to)
    ),
    Organization.MemberRemoved: lambda e: contract.MemberRemoved(
        organization_id=e.originator_id, user_id=e.user_id, how=e.how
    ),
    Invitation.MemberInvited: _invited,
    Invitation.InvitationResent: _resent,
    Invitation.InvitationRevoked: _answer(contract.InvitationRevoked),
    Invitation.InvitationDeclined: _answer(contract.InvitationDeclined),
    Invitation.InvitationExpired: _answer(contract.InvitationExpired),
}

PRIVATE = frozenset({Organization.OrgPurged, Invitation.InvitationAccepted})
"""OrgPurged changes nothing for others, who treat a deleted organization as gone; MemberJoined tells of the other."""
