"""Published events of members."""

from contracts import organizations as contract
from contracts.permissions import Grant
from organizations.organizations.domain import Organization
from runtime.publications import Publications


def _joined(event: Organization.MemberJoined) -> contract.MemberJoined:
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


def _changed(event: Organization.MemberPermissionsChanged) -> contract.MemberPermissionsChanged:
    return contract.MemberPermissionsChanged(
        organization_id=event.originator_id, user_id=event.user_id, from_=Grant(**event.from_), to=Grant(**event.to)
    )


def _removed(event: Organization.MemberRemoved) -> contract.MemberRemoved:
    return contract.MemberRemoved(organization_id=event.originator_id, user_id=event.user_id, how=event.how)


PUBLICATIONS = Publications("organizations")
PUBLICATIONS.on(Organization.MemberJoined, contract.MemberJoined, _joined)
PUBLICATIONS.on(Organization.MemberPermissionsChanged, contract.MemberPermissionsChanged, _changed)
PUBLICATIONS.on(Organization.MemberRemoved, contract.MemberRemoved, _removed)
