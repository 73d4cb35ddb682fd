"""The audit trail: who changed what in an organization, when, from what to what.

Rows hold ids only; addresses and names are looked up when they are read, so forgetting a person needs no change
here. Own events fill it as they are stored (`sequence` is their place); what other services did in the organization
is heard from the bus (`sequence` is null) and survives a rebuild.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID, uuid5

from psycopg import Cursor
from psycopg.types.json import Jsonb

from kit.eventstore.store import Recorded
from kit.eventstore.views import Rows, Views
from organizations.domain import Invitation, Organization
from organizations.narrowing import narrowed
from organizations.views.heard import may_be_told
from organizations.views.organizations import Place

SCHEMA = """
CREATE TABLE audit (
    id uuid PRIMARY KEY, organization_id uuid NOT NULL, time timestamptz NOT NULL, sequence bigint,
    actor text, type text NOT NULL, target uuid NOT NULL, before jsonb, after jsonb, request_id text);
CREATE INDEX audit_order ON audit (organization_id, time, id);
CREATE INDEX audit_sequence ON audit (organization_id, sequence) WHERE sequence IS NOT NULL;
"""


@dataclass(frozen=True)
class Entry:
    """One change. `actor` is a user's or client's id, null for the system itself; `target` what was changed."""

    id: UUID
    organization_id: UUID
    time: datetime
    sequence: int | None
    actor: str | None
    type: str
    target: UUID
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    request_id: str | None


@dataclass(frozen=True)
class Shown:
    """An entry as it is read; `label` is the address or name of the person it is about, null where unknown."""

    entry: Entry
    label: str | None


@dataclass(frozen=True)
class Wanted:
    """Which entries to show; None means all. `platforms` are the reader's limits: entries about others are left out,
    and limits in what is shown name these alone."""

    after: datetime | None = None
    before: datetime | None = None
    actor: str | None = None
    type: str | None = None
    platforms: Sequence[UUID] | None = None


class AuditTrail(Views):
    """Every event of an organization has a row, InvitationAccepted alone is told by its MemberJoined."""

    def apply(self, cursor: Cursor[Any], recorded: Recorded) -> None:
        """Add the row of an own event."""
        self.apply_all(cursor, [recorded])

    def apply_all(self, cursor: Cursor[Any], events: Sequence[Recorded]) -> None:
        """Add the rows of own events, with one statement for as many as there are between two purges."""
        entries: list[Entry] = []
        for recorded in events:
            told = _CHANGES.get(type(recorded.event))
            if told is not None:
                entries.append(_entry(recorded, *told(recorded.event)))
            elif isinstance(recorded.event, Organization.OrgPurged):
                _write(cursor, entries)
                entries = []
                cursor.execute("DELETE FROM audit WHERE organization_id = %s", (recorded.aggregate_id,))
        _write(cursor, entries)

    def rows(self) -> Sequence[Rows]:
        """Those of own events; what was heard stays."""
        return [Rows("audit", "sequence IS NOT NULL")]

    def hear(self, entry: Entry) -> None:
        """Add what another service did; once, however often it is told, and not once the organization is purged."""
        with self.database.transaction() as cursor:
            if may_be_told(cursor, entry.organization_id):
                _write(cursor, [entry])

    def read(self, organization_id: UUID, wanted: Wanted, place: Place, limit: int) -> list[Shown]:
        """Newest first; limit + 1 at most."""
        at, last = place or (None, None)
        rows = self.database.all(
            "SELECT a.*, coalesce(i.email, p.email, p.name) AS label, i.id IS NOT NULL AS invitation, "
            "i.email AS invited FROM audit a LEFT JOIN invitations i ON i.id = a.target "
            "LEFT JOIN people p ON p.user_id = a.target "
            "WHERE a.organization_id = %(organization)s "
            "AND (%(after)s::timestamptz IS NULL OR a.time > %(after)s) "
            "AND (%(before)s::timestamptz IS NULL OR a.time < %(before)s) "
            "AND (%(actor)s::text IS NULL OR a.actor = %(actor)s) "
            "AND (%(type)s::text IS NULL OR a.type = %(type)s) "
            "AND (%(platforms)s::uuid[] IS NULL OR a.type NOT LIKE 'Platform%%' OR a.target = ANY(%(platforms)s)) "
            "AND (%(at)s::timestamptz IS NULL OR (a.time, a.id) < (%(at)s, %(last)s)) "
            "ORDER BY a.time DESC, a.id DESC LIMIT %(limit)s",
            {
                "organization": organization_id,
                "at": at,
                "last": last,
                "limit": limit + 1,
                **vars(wanted),
                "platforms": None if wanted.platforms is None else list(wanted.platforms),
            },
        )
        return [_shown(row, wanted.platforms) for row in rows]

    def last_sequence(self, organization_id: UUID) -> int:
        """The place of the organization's newest event that others see."""
        row = self.database.one(
            "SELECT max(sequence) AS last FROM audit WHERE organization_id = %s", (organization_id,)
        )
        return (row and row["last"]) or 0


Told = tuple[UUID, UUID, dict[str, Any] | None, dict[str, Any] | None]
"""Organization, target, before, after."""


def _invited(event: Invitation.MemberInvited) -> Told:
    after = {**event.grant, "expires_at": event.expires_at.isoformat()}
    return event.organization_id, event.originator_id, None, after


def _resent(event: Invitation.InvitationResent) -> Told:
    after = {"expires_at": event.expires_at.isoformat()}
    return event.organization_id, event.originator_id, None, after


def _answered(status: str) -> Callable[[Any], Told]:
    return lambda event: (event.organization_id, event.originator_id, None, {"status": status})


_CHANGES: dict[type, Callable[[Any], Told]] = {
    Organization.OrgCreated: lambda e: (e.originator_id, e.originator_id, None, {"name": e.name}),
    Organization.OrgRenamed: lambda e: (e.originator_id, e.originator_id, {"name": e.from_}, {"name": e.to}),
    Organization.OrgDeleted: lambda e: (
        e.originator_id,
        e.originator_id,
        None,
        {"restorable_until": e.restorable_until.isoformat()},
    ),
    Organization.OrgRestored: lambda e: (e.originator_id, e.originator_id, None, None),
    Organization.MemberJoined: lambda e: (e.originator_id, e.user_id, None, e.grant),
    Organization.MemberPermissionsChanged: lambda e: (e.originator_id, e.user_id, e.from_, e.to),
    Organization.MemberRemoved: lambda e: (e.originator_id, e.user_id, e.grant, None),
    Invitation.MemberInvited: _invited,
    Invitation.InvitationResent: _resent,
    Invitation.InvitationRevoked: _answered("revoked"),
    Invitation.InvitationDeclined: _answered("declined"),
    Invitation.InvitationExpired: _answered("expired"),
}


def _entry(
    recorded: Recorded,
    organization_id: UUID,
    target: UUID,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> Entry:
    return Entry(
        uuid5(recorded.aggregate_id, str(recorded.version)),
        organization_id,
        recorded.time,
        recorded.sequence,
        recorded.event.by,
        type(recorded.event).__name__,
        target,
        before,
        after,
        recorded.event.correlation,
    )


_COLUMNS: LiteralString = "(id, organization_id, time, sequence, actor, type, target, before, after, request_id)"
_ONE: LiteralString = f"""
INSERT INTO audit {_COLUMNS} VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"""  # noqa: S608 - own words
_MANY: LiteralString = f"""
INSERT INTO audit {_COLUMNS} SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[], %s::bigint[], %s::text[],
%s::text[], %s::uuid[], %s::jsonb[], %s::jsonb[], %s::text[]) ON CONFLICT DO NOTHING"""  # noqa: S608 - own words


def _write(cursor: Cursor[Any], entries: Sequence[Entry]) -> None:
    if not entries:
        return
    if len(entries) == 1:  # the everyday case, for which arrays cost more than the rest of the statement
        cursor.execute(_ONE, _values(entries[0]))
        return
    columns = zip(*map(_values, entries), strict=True)
    cursor.execute(_MANY, [list(column) for column in columns])


def _values(entry: Entry) -> tuple[Any, ...]:
    return (
        entry.id,
        entry.organization_id,
        entry.time,
        entry.sequence,
        entry.actor,
        entry.type,
        entry.target,
        None if entry.before is None else Jsonb(entry.before),
        None if entry.after is None else Jsonb(entry.after),
        entry.request_id,
    )


def _shown(row: dict[str, Any], platforms: Sequence[UUID] | None) -> Shown:
    label, invitation, invited = row.pop("label"), row.pop("invitation"), row.pop("invited")
    if invitation and row["type"] == "MemberInvited":
        row["after"] = {"email": invited, **row["after"]}
    row["before"], row["after"] = (narrowed(row[told], platforms) for told in ("before", "after"))
    return Shown(Entry(**row), label)
