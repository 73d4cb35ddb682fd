"""Read model of organizations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from psycopg import Cursor

from access.principal import Principal
from access.replicas import ENDED, ended_by
from contracts.permissions import Role
from kit.db.reads import Reads
from kit.eventstore.projection import Projection, on
from kit.eventstore.store import Recorded
from kit.http.pagination import EARLIEST, TimeAndId
from organizations.organizations.domain import Organization, first_organization_id

_OF_USER: LiteralString = f"""
SELECT o.id, o.name, o.created_at, m.granted::text AS granted, m.joined_at,
    EXISTS (SELECT FROM organizations WHERE id = %(first)s) AS has_first
FROM members m JOIN organizations o ON o.id = m.organization_id
WHERE m.user_id = %(user)s AND NOT EXISTS ({ENDED})
AND CASE WHEN %(now)s::timestamptz IS NULL THEN o.restorable_until IS NULL
    ELSE o.restorable_until > %(now)s AND m.granted->>'role' = '{Role.ADMINISTRATOR.value}' END
AND (m.joined_at, m.organization_id) > (%(at)s::timestamptz, %(last)s)
ORDER BY m.joined_at, m.organization_id LIMIT %(limit)s"""  # noqa: S608 - our own words


@dataclass(frozen=True)
class OrganizationRow:
    """`restorable_until` is null while it is not deleted."""

    id: UUID
    name: str
    created_at: datetime
    restorable_until: datetime | None


class OwnOrganization(NamedTuple):
    """An organization with the text of the grant of one of its members; `joined_at` is when they joined."""

    id: UUID
    name: str
    created_at: datetime
    granted: str
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


async def own_organizations(
    reads: Reads, principal: Principal, place: TimeAndId | None, limit: int, deleted_at: datetime | None = None
) -> tuple[bool, list[OwnOrganization]]:
    """Whether the user's first organization was made, and their organizations in the order of joining, limit + 1 at
    most, of one snapshot.

    With `deleted_at` (now), the deleted ones that the user, an administrator, may still restore. False where there are
    no rows: once the session or the token has ended, and after the last page.
    """
    assert principal.user_id is not None
    at, last = place or EARLIEST
    asked = {
        "user": principal.user_id,
        "first": first_organization_id(principal.user_id),
        "now": deleted_at,
        "at": at,
        "last": last,
        "limit": limit + 1,
    }
    rows = await reads.all(_OF_USER, {**asked, **ended_by(principal)})
    own = [OwnOrganization(*row[:-1]) for row in rows]
    return bool(rows) and rows[0][-1], own
