"""Read model of members and their grants."""

from datetime import datetime
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from psycopg import Cursor
from psycopg.types.json import Jsonb

from access.principal import Principal
from access.replicas import ENDED, ended_by
from contracts.permissions import Grant
from kit.db.reads import Reads
from kit.eventstore.projection import Projection, on
from kit.eventstore.store import Recorded
from kit.http.pagination import EARLIEST, TimeAndId
from organizations.grants import stored_grant
from organizations.organizations.domain import ADMINISTRATOR, Organization

_COLUMNS: LiteralString = "m.user_id, p.email, p.name, m.granted::text AS granted, m.joined_at"
# Materialized: the planner would otherwise look up the caller's own row again for each member.
_OF_ORGANIZATION: LiteralString = f"""
WITH own AS MATERIALIZED (
    SELECT m.granted::text FROM members m JOIN organizations o ON o.id = m.organization_id
    WHERE m.organization_id = %(org)s AND m.user_id = %(user)s AND o.restorable_until IS NULL
    AND NOT EXISTS ({ENDED}))
SELECT {_COLUMNS}, own.granted AS own FROM own CROSS JOIN members m LEFT JOIN people p USING (user_id)
WHERE m.organization_id = %(org)s AND (m.joined_at, m.user_id) > (%(at)s::timestamptz, %(last)s)
ORDER BY m.joined_at, m.user_id LIMIT %(limit)s"""  # noqa: S608 - our own words


class Member(NamedTuple):
    """`email` and `name` are null while unknown, and once erased. `granted` is the text of the grant."""

    organization_id: UUID
    user_id: UUID
    email: str | None
    name: str | None
    granted: str
    joined_at: datetime


class MemberViews(Projection):
    """Members of all organizations, deleted ones included; a purged organization has none."""

    tables = ("members",)

    def grant_of(self, organization_id: UUID, user_id: UUID) -> Grant | None:
        """The grant of a member; None for others, and in a deleted organization."""
        row = self.database.one(
            "SELECT m.granted::text FROM members m JOIN organizations o ON o.id = m.organization_id "
            "WHERE m.organization_id = %s AND m.user_id = %s AND o.restorable_until IS NULL",
            (organization_id, user_id),
        )
        return None if row is None else stored_grant(row["granted"])

    def find(self, organization_id: UUID, user_id: UUID) -> Member | None:
        """One member, whether or not the organization is deleted."""
        row = self.database.one(
            f"SELECT {_COLUMNS} FROM members m LEFT JOIN people p USING (user_id) "  # noqa: S608 - our own words
            "WHERE m.organization_id = %s AND m.user_id = %s",
            (organization_id, user_id),
        )
        return None if row is None else Member(organization_id, **row)

    def organizations_of(self, user_id: UUID) -> list[UUID]:
        """The ids of all organizations of a user, deleted ones included."""
        rows = self.database.all("SELECT organization_id FROM members WHERE user_id = %s", (user_id,))
        return [row["organization_id"] for row in rows]

    @on(Organization.OrgCreated)
    def _created(self, cursor: Cursor[Any], event: Organization.OrgCreated, _: Recorded) -> None:
        _add(cursor, event.originator_id, event.owner, ADMINISTRATOR.model_dump(mode="json"), event.timestamp)

    @on(Organization.OrgPurged)
    def _purged(self, cursor: Cursor[Any], event: Organization.OrgPurged, _: Recorded) -> None:
        cursor.execute("DELETE FROM members WHERE organization_id = %s", (event.originator_id,))

    @on(Organization.MemberJoined)
    def _joined(self, cursor: Cursor[Any], event: Organization.MemberJoined, _: Recorded) -> None:
        _add(cursor, event.originator_id, event.user_id, event.grant, event.timestamp)

    @on(Organization.MemberPermissionsChanged)
    def _changed(self, cursor: Cursor[Any], event: Organization.MemberPermissionsChanged, _: Recorded) -> None:
        cursor.execute(
            "UPDATE members SET granted = %s WHERE organization_id = %s AND user_id = %s",
            (Jsonb(event.to), event.originator_id, event.user_id),
        )

    @on(Organization.MemberRemoved)
    def _removed(self, cursor: Cursor[Any], event: Organization.MemberRemoved, _: Recorded) -> None:
        cursor.execute(
            "DELETE FROM members WHERE organization_id = %s AND user_id = %s",
            (event.originator_id, event.user_id),
        )


def _add(cursor: Cursor[Any], organization: UUID, user: UUID, granted: Any, at: datetime) -> None:
    cursor.execute(
        "INSERT INTO members (organization_id, user_id, granted, joined_at) VALUES (%s, %s, %s, %s)",
        (organization, user, Jsonb(granted), at),
    )


async def members_seen_by(
    reads: Reads, principal: Principal, organization_id: UUID, place: TimeAndId | None, limit: int
) -> tuple[Grant | None, list[Member]]:
    """The user's own grant, and the members in the order of joining, limit + 1 at most, of one snapshot.

    The grant is None where there are no rows: for others than members, in a deleted organization, once the session or
    the token has ended, and after the last page.
    """
    at, last = place or EARLIEST
    asked = {"user": principal.user_id, "org": organization_id, "at": at, "last": last, "limit": limit + 1}
    rows = await reads.all(_OF_ORGANIZATION, {**asked, **ended_by(principal)})
    members = [
        Member(organization_id, user_id, email, name, granted, joined_at)
        for user_id, email, name, granted, joined_at, _ in rows
    ]
    return stored_grant(rows[0][-1]) if rows else None, members
