"""Read model of members and their grants."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Cursor
from psycopg.types.json import Jsonb

from contracts.permissions import Grant
from kit.eventstore.projection import Projection, on
from kit.eventstore.store import Recorded
from kit.http.pagination import TimeAndId
from organizations.organizations.domain import ADMINISTRATOR, Organization

GRANTED: LiteralString = """
SELECT m.granted::text FROM members m JOIN organizations o ON o.id = m.organization_id
WHERE m.organization_id = %(org)s AND m.user_id = %(user)s AND o.restorable_until IS NULL"""
"""The grant of a member; no row for others, and in a deleted organization."""


@dataclass(frozen=True)
class Member:
    """`email` and `name` are null while unknown, and once erased."""

    organization_id: UUID
    user_id: UUID
    email: str | None
    name: str | None
    grant: Grant
    joined_at: datetime


class MemberViews(Projection):
    """Members of all organizations, deleted ones included; a purged organization has none."""

    tables = ("members",)

    def grant_of(self, organization_id: UUID, user_id: UUID) -> Grant | None:
        """The grant of a member; None for others, and in a deleted organization."""
        row = self.database.one(GRANTED, {"org": organization_id, "user": user_id})
        return None if row is None else Grant.model_validate_json(row["granted"])

    def of_organization(self, organization_id: UUID, place: TimeAndId | None, limit: int) -> list[Member]:
        """In the order of joining; limit + 1 at most."""
        at, last = place or (None, None)
        rows = self.database.all(
            "SELECT m.*, p.email, p.name FROM members m LEFT JOIN people p USING (user_id) "
            "WHERE m.organization_id = %s "
            "AND (%s::timestamptz IS NULL OR (m.joined_at, m.user_id) > (%s, %s)) "
            "ORDER BY m.joined_at, m.user_id LIMIT %s",
            (organization_id, at, at, last, limit + 1),
        )
        return list(map(_member, rows))

    def find(self, organization_id: UUID, user_id: UUID) -> Member | None:
        """One member, whether or not the organization is deleted."""
        row = self.database.one(
            "SELECT m.*, p.email, p.name FROM members m LEFT JOIN people p USING (user_id) "
            "WHERE m.organization_id = %s AND m.user_id = %s",
            (organization_id, user_id),
        )
        return None if row is None else _member(row)

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


def _member(row: dict[str, Any]) -> Member:
    return Member(
        row["organization_id"],
        row["user_id"],
        row["email"],
        row["name"],
        Grant.model_validate(row["granted"]),
        row["joined_at"],
    )
