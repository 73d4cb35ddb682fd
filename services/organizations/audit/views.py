"""Read model of the audit trail: actor, time, and old and new values of each change in an organization.

Rows hold ids only; addresses and names are joined when they are read, so that erasing a user changes no row. Own events
fill it as they are stored (`sequence` is theirs). Changes by other services come from the bus (`sequence` is null) and
survive a rebuild.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID, uuid5

from psycopg import Cursor
from psycopg.types.json import Jsonb

from kit.eventstore.projection import Projection, Rows
from kit.eventstore.store import Recorded
from kit.http.pagination import TimeAndId
from organizations.audit.changes import CHANGES, Change
from organizations.organizations.domain import Organization
from organizations.organizations.service import accepts_foreign_events
from organizations.redaction import redacted


@dataclass(frozen=True)
class Entry:
    """One change. `actor` is a user's or client's id, null for the system; `target` is the id of what was changed."""

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
class ShownEntry:
    """An entry as it is read; `label` is the address or name of the user it is about, null where unknown."""

    entry: Entry
    label: str | None


@dataclass(frozen=True)
class AuditFilter:
    """Which entries to show; None means all. `platforms` are the reader's limits: entries about other platforms are
    left out, and limits in the entries name only these."""

    after: datetime | None = None
    before: datetime | None = None
    actor: str | None = None
    type: str | None = None
    platforms: Sequence[UUID] | None = None


class AuditTrail(Projection):
    """Every event of an organization has a row, but InvitationAccepted, whose MemberJoined has one."""

    def apply(self, cursor: Cursor[Any], recorded: Recorded) -> None:
        """Add the row of an own event."""
        self.apply_all(cursor, [recorded])

    def apply_all(self, cursor: Cursor[Any], events: Sequence[Recorded]) -> None:
        """Add the rows of own events, in one statement for all events between two purges."""
        entries: list[Entry] = []
        for recorded in events:
            change = CHANGES.get(type(recorded.event))
            if change is not None:
                entries.append(_entry(recorded, change(recorded.event)))
            elif isinstance(recorded.event, Organization.OrgPurged):
                _write(cursor, entries)
                entries = []
                cursor.execute("DELETE FROM audit WHERE organization_id = %s", (recorded.aggregate_id,))
        _write(cursor, entries)

    def rows(self) -> Sequence[Rows]:
        """Those of own events; those of foreign events stay."""
        return [Rows("audit", "sequence IS NOT NULL")]

    def add_foreign(self, entry: Entry) -> None:
        """Add a change by another service, once for each id, and not after the organization was purged."""
        with self.database.transaction() as cursor:
            if accepts_foreign_events(cursor, entry.organization_id):
                _write(cursor, [entry])

    def read(self, organization_id: UUID, wanted: AuditFilter, place: TimeAndId | None, limit: int) -> list[ShownEntry]:
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
        """The sequence of the organization's newest published event; 0 without one."""
        row = self.database.one(
            "SELECT max(sequence) AS last FROM audit WHERE organization_id = %s", (organization_id,)
        )
        return (row and row["last"]) or 0


def _entry(recorded: Recorded, change: Change) -> Entry:
    return Entry(
        id=uuid5(recorded.aggregate_id, str(recorded.version)),
        organization_id=change.organization_id,
        time=recorded.time,
        sequence=recorded.sequence,
        actor=recorded.event.by,
        type=type(recorded.event).__name__,
        target=change.target,
        before=change.before,
        after=change.after,
        request_id=recorded.event.correlation,
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
    if len(entries) == 1:  # the ordinary case, for which arrays cost more than the rest of the statement
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


def _shown(row: dict[str, Any], platforms: Sequence[UUID] | None) -> ShownEntry:
    label, invitation, invited = row.pop("label"), row.pop("invitation"), row.pop("invited")
    if invitation and row["type"] == "MemberInvited":
        row["after"] = {"email": invited, **row["after"]}
    row["before"], row["after"] = (redacted(row[side], platforms) for side in ("before", "after"))
    return ShownEntry(Entry(**row), label)
