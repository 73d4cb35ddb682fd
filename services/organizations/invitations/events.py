"""Published events of invitations."""

from contracts import organizations as contract
from contracts.permissions import Grant
from organizations.invitations.domain import Invitation
from runtime.publications import Publications


def _invited(event: Invitation.MemberInvited) -> contract.MemberInvited:
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


def _resent(event: Invitation.InvitationResent) -> contract.InvitationResent:
    return contract.InvitationResent(
        organization_id=event.organization_id,
        organization_name=event.organization_name,
        invitation_id=event.originator_id,
        email=event.email,
        expires_at=event.expires_at,
        invited_by=event.invited_by,
        generation=event.generation,
    )


def _revoked(event: Invitation.InvitationRevoked) -> contract.InvitationRevoked:
    return contract.InvitationRevoked(organization_id=event.organization_id, invitation_id=event.originator_id)


def _declined(event: Invitation.InvitationDeclined) -> contract.InvitationDeclined:
    return contract.InvitationDeclined(organization_id=event.organization_id, invitation_id=event.originator_id)


def _expired(event: Invitation.InvitationExpired) -> contract.InvitationExpired:
    return contract.InvitationExpired(organization_id=event.organization_id, invitation_id=event.originator_id)


PUBLICATIONS = Publications("organizations")
PUBLICATIONS.on(Invitation.MemberInvited, contract.MemberInvited, _invited)
PUBLICATIONS.on(Invitation.InvitationResent, contract.InvitationResent, _resent)
PUBLICATIONS.on(Invitation.InvitationRevoked, contract.InvitationRevoked, _revoked)
PUBLICATIONS.on(Invitation.InvitationDeclined, contract.InvitationDeclined, _declined)
PUBLICATIONS.on(Invitation.InvitationExpired, contract.InvitationExpired, _expired)

PRIVATE = frozenset({Invitation.InvitationAccepted})
"""The MemberJoined of the same command is published."""
