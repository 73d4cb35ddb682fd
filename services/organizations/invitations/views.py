"""Read model of invitations. Its unique index decides whether an address has a pending one in an organization."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Cursor
from psycopg.types.json import Jsonb

from access.principal import Principal
from access.replicas import ENDED, ended_by
from contracts.permissions import Grant
from kit.db.database import Database
from kit.db.reads import Reads
from kit.eventstore.projection import Projection, on
from kit.eventstore.store import Recorded
from kit.http.pagination import TimeAndId
from organizations.grants import stored_grant
from organizations.invitations.domain import Invitation, InvitationContext
from organizations.organizations.domain import Organization

_CONTEXT: LiteralString = """
SELECT o.name, (SELECT m.granted::text FROM members m WHERE m.organization_id = o.id AND m.user_id = %(by)s) AS held,
    EXISTS (SELECT FROM people p JOIN members m USING (user_id)
        WHERE p.email_hash = %(hash)s AND m.organization_id = o.id) AS is_member,
    (SELECT i.id FROM invitations i
        WHERE i.organization_id = o.id AND i.email_hash = %(hash)s AND i.status = 'pending') AS pending
FROM organizations o WHERE o.id = %(organization)s AND o.restorable_until IS NULL"""
"""The columns of InvitationContext; no row where there is no such organization, or it is deleted."""
_CONTEXT_OF_SESSION: LiteralString = f"{_CONTEXT} AND NOT EXISTS ({ENDED})"


@dataclass(frozen=True)
class Invited:
    """An invitation; a pending one after its time shows as expired. `email` is null once erased."""

    id: UUID
    organization_id: UUID
    email: str | None
    grant: Grant
    status: str
    generation: int
    invited_by: UUID
    accepted_by: UUID | None
    invited_at: datetime
    expires_at: datetime


class InvitationViews(Projection):
    """`hash_of` gives the keyed hash of an address in its normal form."""

    tables = ("invitations",)

    def __init__(self, database: Database, hash_of: Callable[[str], bytes]) -> None:
        super().__init__(database)
        self._hash_of = hash_of

    def find(self, invitation_id: UUID, now: datetime) -> Invited | None:
        """One invitation, of whatever organization."""
        row = self.database.one("SELECT * FROM invitations WHERE id = %s", (invitation_id,))
        return None if row is None else _invited(row, now)

    def of_organization(
        self, organization_id: UUID, place: TimeAndId | None, limit: int, now: datetime
    ) -> list[Invited]:
        """Newest first; limit + 1 at most."""
        at, last = place or (None, None)
        rows = self.database.all(
            "SELECT * FROM invitations WHERE organization_id = %s "
            "AND (%s::timestamptz IS NULL OR (invited_at, id) < (%s, %s)) "
            "ORDER BY invited_at DESC, id DESC LIMIT %s",
            (organization_id, at, at, last, limit + 1),
        )
        return [_invited(row, now) for row in rows]

    def due(self, now: datetime, limit: int) -> Sequence[UUID]:
        """Pending ones whose time is over."""
        rows = self.database.all(
            "SELECT id FROM invitations WHERE status = 'pending' AND expires_at <= %s LIMIT %s", (now, limit)
        )
        return [row["id"] for row in rows]

    def context(self, organization_id: UUID, inviter: UUID, email_hash: bytes | None) -> InvitationContext | None:
        """None where there is no such organization, or it is deleted."""
        row = self.database.one(_CONTEXT, {"organization": organization_id, "by": inviter, "hash": email_hash})
        return None if row is None else _context(*row.values())

    def open_by(self, organization_id: UUID, inviter: UUID) -> Sequence[UUID]:
        """Pending ones of one inviter."""
        rows = self.database.all(
            "SELECT id FROM invitations WHERE organization_id = %s AND invited_by = %s AND status = 'pending'",
            (organization_id, inviter),
        )
        return [row["id"] for row in rows]

    def about(self, user_id: UUID, email_hash: bytes | None) -> Sequence[UUID]:
        """All that were sent to this address or accepted by this user."""
        rows = self.database.all(
            "SELECT id FROM invitations WHERE accepted_by = %s OR email_hash = %s", (user_id, email_hash)
        )
        return [row["id"] for row in rows]

    def all_of(self, organization_id: UUID) -> Sequence[UUID]:
        """The ids of all invitations of an organization."""
        rows = self.database.all("SELECT id FROM invitations WHERE organization_id = %s", (organization_id,))
        return [row["id"] for row in rows]

    def erase_address(self, invitation_id: UUID) -> None:
        """Erase the address; a rebuild gives the same row, because the key of the address is destroyed."""
        self.database.execute("UPDATE invitations SET email = NULL, email_hash = NULL WHERE id = %s", (invitation_id,))

    @on(Invitation.MemberInvited)
    def _invited(self, cursor: Cursor[Any], event: Invitation.MemberInvited, _: Recorded) -> None:
        cursor.execute(
            "INSERT INTO invitations (id, organization_id, email, email_hash, granted, status, generation, "
            "invited_by, invited_at, expires_at) VALUES (%s, %s, %s, %s, %s, 'pending', 1, %s, %s, %s)",
            (
                event.originator_id,
                event.organization_id,
                event.email,
                None if event.email is None else self._hash_of(event.email),
                Jsonb(event.grant),
                event.invited_by,
                event.timestamp,
                event.expires_at,
            ),
        )

    @on(Invitation.InvitationResent)
    def _resent(self, cursor: Cursor[Any], event: Invitation.InvitationResent, _: Recorded) -> None:
        cursor.execute(
            "UPDATE invitations SET status = 'pending', generation = %s, invited_by = %s, expires_at = %s "
            "WHERE id = %s",
            (event.generation, event.invited_by, event.expires_at, event.originator_id),
        )

    @on(Invitation.InvitationRevoked)
    def _revoked(self, cursor: Cursor[Any], event: Invitation.InvitationRevoked, _: Recorded) -> None:
        _close(cursor, event.originator_id, "revoked")

    @on(Invitation.InvitationDeclined)
    def _declined(self, cursor: Cursor[Any], event: Invitation.InvitationDeclined, _: Recorded) -> None:
        _close(cursor, event.originator_id, "declined")

    @on(Invitation.InvitationExpired)
    def _expired(self, cursor: Cursor[Any], event: Invitation.InvitationExpired, _: Recorded) -> None:
        _close(cursor, event.originator_id, "expired")

    @on(Invitation.InvitationAccepted)
    def _accepted(self, cursor: Cursor[Any], event: Invitation.InvitationAccepted, _: Recorded) -> None:
        _close(cursor, event.originator_id, "accepted", event.user_id)

    @on(Organization.OrgPurged)
    def _purged(self, cursor: Cursor[Any], event: Organization.OrgPurged, _: Recorded) -> None:
        cursor.execute("DELETE FROM invitations WHERE organization_id = %s", (event.originator_id,))


async def context_seen_by(
    reads: Reads, principal: Principal, organization_id: UUID, email_hash: bytes | None
) -> InvitationContext | None:
    """The context of an invitation by this principal; None also once the session or the token has ended."""
    asked = {"organization": organization_id, "by": principal.user_id, "hash": email_hash}
    rows = await reads.all(_CONTEXT_OF_SESSION, {**asked, **ended_by(principal)})
    return _context(*rows[0]) if rows else None


def _context(name: str, held: str | None, is_member: bool, pending: UUID | None) -> InvitationContext:
    return InvitationContext(name, None if held is None else stored_grant(held), is_member, pending)


def _close(cursor: Cursor[Any], invitation: UUID, status: str, by: UUID | None = None) -> None:
    cursor.execute("UPDATE invitations SET status = %s, accepted_by = %s WHERE id = %s", (status, by, invitation))


def _invited(row: dict[str, Any], now: datetime) -> Invited:
    over = row["status"] == "pending" and row["expires_at"] <= now
    return Invited(
        row["id"],
        row["organization_id"],
        row["email"],
        Grant.model_validate(row["granted"]),
        "expired" if over else row["status"],
        row["generation"],
        row["invited_by"],
        row["accepted_by"],
        row["invited_at"],
        row["expires_at"],
    )
