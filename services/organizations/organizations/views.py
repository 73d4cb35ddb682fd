"""Read model of organizations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Cursor

from contracts.permissions import Grant, Role
from kit.eventstore.projection import Projection, on
from kit.eventstore.store import Recorded
from kit.http.pagination import TimeAndId
from organizations.organizations.domain import Organization


@dataclass(frozen=True)
class OrganizationRow:
    """`restorable_until` is null while it is not deleted."""

    id: UUID
    name: str
    created_at: datetime
    restorable_until: datetime | None


@dataclass(frozen=True)
class OwnOrganization:
    """An organization with the grant of one of its members; `joined_at` is when they joined."""

    id: UUID
    name: str
    created_at: datetime
    grant: Grant
    joined_at: datetime


class OrganizationViews(Projection):
    """Organizations, deleted and purged ones included."""

    tables = ("organizations",)

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

    def of_user(
        self, user_id: UUID, place: TimeAndId | None, limit: int, deleted_at: datetime | None = None
    ) -> list[OwnOrganization]:
        """The organizations of a user, in the order of joining; limit + 1 at most.

        With `deleted_at` (now), the deleted ones that the user, an administrator, may still restore.
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
            OwnOrganization(
                row["id"], row["name"], row["created_at"], Grant.model_validate(row["granted"]), row["joined_at"]
            )
            for row in rows
        ]

    def to_purge(self, now: datetime, limit: int) -> Sequence[UUID]:
        """Deleted organizations that can no longer be restored."""
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
        # The row stays, so that the first organization of a user is not created again.
        cursor.execute("UPDATE organizations SET name = '', purged = true WHERE id = %s", (event.originator_id,))
