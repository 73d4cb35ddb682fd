"""The invitation: an offer of membership to an e-mail address, open until it is answered, revoked or expired."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from eventsourcing.domain import event

from contracts.email import normal
from contracts.permissions import Grant
from kit.errors import Conflict, Forbidden, Gone
from kit.eventstore.aggregate import Aggregate, Created
from organizations.organizations.domain import AlreadyMember, must_give


class AlreadyInvited(Conflict):
    code = "already-invited"
    title = "The address has a pending invitation: resend it instead"


class InvitationClosed(Conflict):
    code = "invitation-closed"
    title = "The invitation is no longer pending: send a new one"


class InvitationForAnotherAddress(Forbidden):
    code = "invitation-for-another-address"
    title = "The invitation is for another email address: sign in with that address"


class InvitationExpired(Gone):
    code = "invitation-expired"
    title = "The invitation has expired: ask for a new one"


class InvitationRevoked(Gone):
    code = "invitation-revoked"
    title = "The invitation was revoked"


class InvitationDeclined(Gone):
    code = "invitation-declined"
    title = "The invitation was declined"


class InvitationUsed(Gone):
    code = "invitation-used"
    title = "The invitation was already accepted"


class InvitationReplaced(Gone):
    code = "invitation-replaced"
    title = "The invitation was resent: use the link in the latest email"


_OVER = {
    "expired": InvitationExpired,
    "revoked": InvitationRevoked,
    "declined": InvitationDeclined,
    "accepted": InvitationUsed,
}


@dataclass(frozen=True)
class InvitationContext:
    """What decides about an invitation: the organization's name, the grant of the inviter (None: no longer a member),
    whether a member has the address, and the pending invitation to the same address, which may have expired without
    an event that says so."""

    organization_name: str
    held: Grant | None
    is_member: bool
    pending: UUID | None

    def must_allow(self, grant: Grant) -> None:
        """Raises GrantExceedsOwn or AlreadyMember."""
        must_give(self.held, grant)
        if self.is_member:
            raise AlreadyMember


class Invitation(Aggregate):
    """`status` is pending, accepted, declined, revoked or expired. `generation` counts its links: only the newest one
    is valid. The address is encrypted under a key of this invitation."""

    TOPIC = "organizations.Invitation"
    personal = frozenset({"email"})

    class MemberInvited(Created):
        TOPIC = "organizations.MemberInvited"
        personal = frozenset({"email"})
        organization_id: UUID
        organization_name: str
        email: str | None
        grant: dict[str, Any]
        invited_by: UUID
        expires_at: datetime

    class InvitationResent(Aggregate.Event):
        TOPIC = "organizations.InvitationResent"
        personal = frozenset({"email"})
        organization_id: UUID
        organization_name: str
        email: str | None
        invited_by: UUID
        expires_at: datetime
        generation: int

    class InvitationRevoked(Aggregate.Event):
        TOPIC = "organizations.InvitationRevoked"
        organization_id: UUID

    class InvitationDeclined(Aggregate.Event):
        TOPIC = "organizations.InvitationDeclined"
        organization_id: UUID

    class InvitationExpired(Aggregate.Event):
        TOPIC = "organizations.InvitationExpired"
        organization_id: UUID

    class InvitationAccepted(Aggregate.Event):
        """Private: the MemberJoined of the same command is published."""

        TOPIC = "organizations.InvitationAccepted"
        organization_id: UUID
        user_id: UUID

    @event(MemberInvited)
    def __init__(
        self,
        id: UUID,
        organization_id: UUID,
        organization_name: str,
        email: str | None,
        grant: dict[str, Any],
        invited_by: UUID,
        expires_at: datetime,
    ) -> None:
        self.organization_id = organization_id
        self.organization_name = organization_name
        self.email = email
        self.granted = grant
        self.invited_by = invited_by
        self.expires_at = expires_at
        self.generation = 1
        self.status = "pending"
        self.accepted_by: UUID | None = None

    @staticmethod
    def create_id(id: UUID) -> UUID:
        """The id is given, so that a repeated request cannot create two."""
        return id

    @property
    def grant(self) -> Grant:
        return Grant.model_validate(self.granted)

    def status_at(self, now: datetime) -> str:
        """The status at a time: a pending one is expired after `expires_at`, with or without an event that says so."""
        return "expired" if self.status == "pending" and self.expires_at <= now else self.status

    def must_be_open(self, now: datetime) -> None:
        """Raises the refusal (410) that says why it is not open."""
        over = _OVER.get(self.status_at(now))
        if over is not None:
            raise over

    def must_be_for(self, email: str) -> None:
        """Raises InvitationForAnotherAddress. Addresses are compared in their normal form."""
        if self.email is None or normal(self.email) != normal(email):
            raise InvitationForAnotherAddress

    def resend(self, organization_name: str, invited_by: UUID, expires_at: datetime) -> None:
        """Replace the link; an expired invitation is open again. Raises InvitationClosed."""
        if self.status not in ("pending", "expired") or self.email is None:
            raise InvitationClosed
        self._resend(self.organization_id, organization_name, self.email, invited_by, expires_at, self.generation + 1)

    def revoke(self) -> None:
        """Raises InvitationClosed where it was answered."""
        if self.status in ("accepted", "declined"):
            raise InvitationClosed
        if self.status != "revoked":
            self._revoke(self.organization_id)

    def decline(self, email: str, now: datetime) -> None:
        """Raises InvitationForAnotherAddress, or the refusal that says why it is not open."""
        self.must_be_for(email)
        if self.status == "declined":
            return
        self.must_be_open(now)
        self._decline(self.organization_id)

    def expire(self, now: datetime) -> None:
        if self.status == "pending" and self.expires_at <= now:
            self._expire(self.organization_id)

    def accept(self, user_id: UUID, email: str, now: datetime) -> bool:
        """Returns False where this user accepted it before.

        Raises InvitationForAnotherAddress, or the refusal that says why it is not open.
        """
        if self.accepted_by == user_id:
            return False
        self.must_be_for(email)
        self.must_be_open(now)
        self._accept(self.organization_id, user_id)
        return True

    @event(InvitationResent)
    def _resend(
        self,
        organization_id: UUID,
        organization_name: str,
        email: str | None,
        invited_by: UUID,
        expires_at: datetime,
        generation: int,
    ) -> None:
        self.organization_name = organization_name
        self.invited_by = invited_by
        self.expires_at = expires_at
        self.generation = generation
        self.status = "pending"

    @event(InvitationRevoked)
    def _revoke(self, organization_id: UUID) -> None:
        self.status = "revoked"

    @event(InvitationDeclined)
    def _decline(self, organization_id: UUID) -> None:
        self.status = "declined"

    @event(InvitationExpired)
    def _expire(self, organization_id: UUID) -> None:
        self.status = "expired"

    @event(InvitationAccepted)
    def _accept(self, organization_id: UUID, user_id: UUID) -> None:
        self.status = "accepted"
        self.accepted_by = user_id
