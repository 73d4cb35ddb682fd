"""The change that each own event made in its organization, for the audit trail."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from kit.eventstore.aggregate import Aggregate
from organizations.invitations.domain import Invitation
from organizations.organizations.domain import Organization

E = TypeVar("E", bound=Aggregate.Event)
Json = dict[str, Any] | None


class Change(NamedTuple):
    """`target` is the id of what was changed; `before` and `after` are null where there is nothing to show."""

    organization_id: UUID
    target: UUID
    before: Json
    after: Json


CHANGES: dict[type, Callable[[Any], Change]] = {}
"""By event class. InvitationAccepted has no entry, its MemberJoined has; OrgPurged empties the trail."""


def _on(event: type[E], change: Callable[[E], Change]) -> None:
    CHANGES[event] = change


def _deleted(event: Organization.OrgDeleted) -> Change:
    after = {"restorable_until": event.restorable_until.isoformat()}
    return Change(event.originator_id, event.originator_id, None, after)


def _invited(event: Invitation.MemberInvited) -> Change:
    after = {**event.grant, "expires_at": event.expires_at.isoformat()}
    return Change(event.organization_id, event.originator_id, None, after)


def _resent(event: Invitation.InvitationResent) -> Change:
    after = {"expires_at": event.expires_at.isoformat()}
    return Change(event.organization_id, event.originator_id, None, after)


_on(Organization.OrgCreated, lambda e: Change(e.originator_id, e.originator_id, None, {"name": e.name}))
_on(Organization.OrgRenamed, lambda e: Change(e.originator_id, e.originator_id, {"name": e.from_}, {"name": e.to}))
_on(Organization.OrgDeleted, _deleted)
_on(Organization.OrgRestored, lambda e: Change(e.originator_id, e.originator_id, None, None))
_on(Organization.MemberJoined, lambda e: Change(e.originator_id, e.user_id, None, e.grant))
_on(Organization.MemberPermissionsChanged, lambda e: Change(e.originator_id, e.user_id, e.from_, e.to))
_on(Organization.MemberRemoved, lambda e: Change(e.originator_id, e.user_id, e.grant, None))
_on(Invitation.MemberInvited, _invited)
_on(Invitation.InvitationResent, _resent)
_on(
    Invitation.InvitationRevoked,
    lambda e: Change(e.organization_id, e.originator_id, None, {"status": "revoked"}),
)
_on(
    Invitation.InvitationDeclined,
    lambda e: Change(e.organization_id, e.originator_id, None, {"status": "declined"}),
)
_on(
    Invitation.InvitationExpired,
    lambda e: Change(e.organization_id, e.originator_id, None, {"status": "expired"}),
)
