"""Organizations and their members."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Cursor
from psycopg.types.json import Jsonb

from contracts.permissions import Grant, Role
from kit.eventstore.store import Recorded
from kit.eventstore.views import Views, on
from organizations.domain import ADMINISTRATOR, Organization

SCHEMA = """
CREATE TABLE organizations (
    id uuid PRIMARY KEY, name text NOT NULL, created_at timestamptz NOT NULL,
    restorable_until timestamptz, purged boolean NOT NULL DEFAULT false);
CREATE INDEX organizations_deleted ON organizations (restorable_until)
    WHERE restorable_until IS NOT NULL AND NOT purged;
CREATE TABLE members (
    organization_id uuid NOT NULL, user_id uuid NOT NULL, granted jsonb NOT NULL, joined_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, user_id));
CREATE INDEX members_user ON members (user_id, joined_at, organization_id);
CREATE INDEX members_order ON members (organization_id, joined_at, user_id);
"""

GRANTED: LiteralString = """
SELECT m.granted::text FROM members m JOIN organizations o ON o.id = m.organization_id
WHERE m.organization_id = %(org)s AND m.user_id = %(user)s AND o.restorable_until IS NULL"""
"""What a member holds; nothing for others, and in a deleted organization."""

Place = tuple[datetime, UUID] | None
"""The sort values of the last row that was shown; None at the start."""


@dataclass(frozen=True)
class OrganizationRow:
    """`restorable_until` is null while it is not deleted."""

    id: UUID
    name: str
    created_at: datetime
    restorable_until: datetime | None


@dataclass(frozen=True)
class Own:
    """An organization as one of its members sees it; `joined_at` is when they joined."""

    id: UUID
    name: str
    created_at: datetime
    grant: Grant
    joined_at: datetime


@dataclass(frozen=True)
class Member:
    """`email` and `name` are null while unknown, and once erased."""

    organization_id: UUID
    user_id: UUID
    email: str | None
    name: str | None
    grant: Grant
    joined_at: datetime


class OrganizationViews(Views):
    """Which organizations there are, who is in them, and what each member holds."""

    tables = ("organizations", "members")

    def known(self, organization_id: UUID) -> bool:
        """Whether it was ever created, deleted and purged ones included."""
        return self.database.one("SELECT 1 AS one FROM organizations WHERE id = %s", (organization_id,)) is not None

    def find(self, organization_id: UUID) -> OrganizationRow | None:
        """An organization that is not deleted."""
        row = self.database.one(
            "SELECT id, name, created_at, restorable_until FROM organizations "
            "WHERE id = %s AND restorable_until IS NULL",
            (organization_id,),
        )
        return None if row is None else OrganizationRow(**row)

    def grant_of(self, organization_id: UUID, user_id: UUID) -> Grant | None:
        """What a member holds; None for others, and in a deleted organization."""
        row = self.database.one(
            "SELECT m.granted FROM members m JOIN organizations o ON o.id = m.organization_id "
            "WHERE m.organization_id = %s AND m.user_id = %s AND o.restorable_until IS NULL",
            (organization_id, user_id),
        )
        return None if row is None else Grant.model_validate(row["granted"])

    def of_user(self, user_id: UUID, place: Place, limit: int, deleted_at: datetime | None = None) -> list[Own]:
        """The person's organizations, in the order of joining; limit + 1 at most.

        With `deleted_at` (now), the deleted ones that they, an administrator, may still restore.
        """
        at, last = place or (None, None)
        rows = self.database.all(
            "SELECT o.id, o.name, o.created_at, m.granted, m.joined_at "
            "FROM members m JOIN organizations o ON o.id = m.organization_id WHERE m.user_id = %(user)s "
            "AND CASE WHEN %(now)s::timestamptz IS NULL THEN o.restorable_until IS NULL "
            "ELSE o.restorable_until > %(now)s AND m.granted->>'role' = %(administrator)s END "
            "AND (%(at)s::timestamptz IS NULL OR (m.joined_at, m.organization_id) > (%(at)s, %(last)s)) "
            "ORDER BY m.joined_at, m.organization_id LIMIT %(limit)s",
            {
                "user": user_id,
                "now": deleted_at,
                "administrator": Role.ADMINISTRATOR.value,
                "at": at,
                "last": last,
                "limit": limit + 1,
            },
        )
        return [
            Own(row["id"], row["name"], row["created_at"], Grant.model_validate(row["granted"]), row["joined_at"])
            for row in rows
        ]

    def members(self, organization_id: UUID, place: Place, limit: int) -> list[Member]:
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

    def member(self, organization_id: UUID, user_id: UUID) -> Member | None:
        """One member, whether or not the organization is deleted."""
        row = self.database.one(
            "SELECT m.*, p.email, p.name FROM members m LEFT JOIN people p USING (user_id) "
            "WHERE m.organization_id = %s AND m.user_id = %s",
            (organization_id, user_id),
        )
        return None if row is None else _member(row)

    def ids_of_user(self, user_id: UUID) -> list[UUID]:
        """Every organization the person is in, deleted ones included."""
        rows = self.database.all("SELECT organization_id FROM members WHERE user_id = %s", (user_id,))
        return [row["organization_id"] for row in rows]

    def to_purge(self, now: datetime, limit: int) -> Sequence[UUID]:
        """Deleted organizations whose time to be restored is over."""
        rows = self.database.all(
            "SELECT id FROM organizations WHERE restorable_until <= %s AND NOT purged LIMIT %s", (now, limit)
        )
        return [row["id"] for row in rows]

    @on(Organization.OrgCreated)
    def _created(self, cursor: Cursor[Any], event: Organization.OrgCreated, _: Recorded) -> None:
        cursor.execute(
            "INSERT INTO organizations (id, name, created_at) VALUES (%s, %s, %s)",
            (event.originator_id, event.name, event.timestamp),
        )
        _add(cursor, event.originator_id, event.owner, ADMINISTRATOR.model_dump(mode="json"), event.timestamp)

    @on(Organization.OrgRenamed)
    def _renamed(self, cursor: Cursor[Any], event: Organization.OrgRenamed, _: Recorded) -> None:
        cursor.execute("UPDATE organizations SET name = %s WHERE id = %s", (event.to, event.originator_id))

    @on(Organization.OrgDeleted)
    def _deleted(self, cursor: Cursor[Any], event: Organization.OrgDeleted, _: Recorded) -> None:
        cursor.execute(
            "UPDATE organizations SET restorable_until = %s WHERE id = %s",
            (event.restorable_until, event.originator_id),
        )

    @on(Organization.OrgRestored)
    def _restored(self, cursor: Cursor[Any], event: Organization.OrgRestored, _: Recorded) -> None:
        cursor.execute("UPDATE organizations SET restorable_until = NULL WHERE id = %s", (event.originator_id,))

    @on(Organization.OrgPurged)
    def _purged(self, cursor: Cursor[Any], event: Organization.OrgPurged, _: Recorded) -> None:
        # The row stays, so that a first organization that was ended is not made again.
        cursor.execute("UPDATE organizations SET name = '', purged = true WHERE id = %s", (event.originator_id,))
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
