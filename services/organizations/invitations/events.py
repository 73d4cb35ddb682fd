"""Published events of invitations."""

from contracts import organizations as contract
from contracts.event import Event
from contracts.permissions import Grant
from organizations.invitations.domain import Invitation
from runtime.publications import Publications


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


def _revoked(event: Invitation.InvitationRevoked) -> Event:
    return contract.InvitationRevoked(organization_id=event.organization_id, invitation_id=event.originator_id)


def _declined(event: Invitation.InvitationDeclined) -> Event:
    return contract.InvitationDeclined(organization_id=event.organization_id, invitation_id=event.originator_id)


def _expired(event: Invitation.InvitationExpired) -> Event:
    return contract.InvitationExpired(organization_id=event.organization_id, invitation_id=event.originator_id)


PUBLICATIONS = Publications("organizations")
PUBLICATIONS.on(Invitation.MemberInvited, _invited)
PUBLICATIONS.on(Invitation.InvitationResent, _resent)
PUBLICATIONS.on(Invitation.InvitationRevoked, _revoked)
PUBLICATIONS.on(Invitation.InvitationDeclined, _declined)
PUBLICATIONS.on(Invitation.InvitationExpired, _expired)

PRIVATE = frozenset({Invitation.InvitationAccepted})
"""The MemberJoined of the same command is published."""
