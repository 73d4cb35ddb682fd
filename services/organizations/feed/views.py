"""Foreign events: those of other services about an organization, as they are on the bus, at their position in the feed.

The position of an own event is its sequence in the event store. A foreign event takes the next number of the same
sequence under the same lock, so that positions are committed in order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Cursor

from contracts.envelope import Attributes
from kit.eventstore.projection import Projection, on
from kit.eventstore.store import Recorded
from organizations.organizations.domain import Organization
from organizations.organizations.service import accepts_foreign_events

_PLATFORM: LiteralString = "coalesce(envelope #>> '{data,platform_id}', '')"
_PLACE: LiteralString = "(position + 0)"  # keeps the planner off the primary key; see schema.sql
_OWN: LiteralString = """
SELECT sequence AS position, NULL::json AS envelope FROM audit
WHERE organization_id = %(organization)s AND sequence > %(position)s"""
_ALL: LiteralString = f"""{_OWN} UNION ALL
SELECT position, envelope FROM heard WHERE organization_id = %(organization)s AND position > %(position)s
ORDER BY position LIMIT %(limit)s"""  # noqa: S608 - own words
_OF_PLATFORMS: LiteralString = f"""{_OWN} UNION ALL
SELECT h.position, h.envelope FROM unnest(%(platforms)s::text[]) AS reached (platform) CROSS JOIN LATERAL (
    SELECT position, envelope FROM heard
    WHERE organization_id = %(organization)s AND {_PLATFORM} = reached.platform AND {_PLACE} > %(position)s
    ORDER BY {_PLACE} LIMIT %(limit)s) h
ORDER BY position LIMIT %(limit)s"""  # noqa: S608 - own words


@dataclass(frozen=True)
class Position:
    """A position in the feed; `envelope` is null for an own event, which is read from the store."""

    position: int
    envelope: dict[str, Any] | None


class ForeignEvents(Projection):
    """Filled from the bus, so a rebuild does not change it; the events of a purged organization are deleted."""

    def add(self, attributes: Attributes, payload: bytes) -> None:
        """Give a message its position, once for each source and sequence, and not after the organization was purged."""
        if attributes.organization is None:
            return
        with self.database.transaction() as cursor:
            if accepts_foreign_events(cursor, attributes.organization):
                cursor.execute(
                    "INSERT INTO heard (organization_id, source, sequence, envelope) VALUES (%s, %s, %s, %s) "
                    "ON CONFLICT DO NOTHING",
                    (attributes.organization, attributes.source, attributes.sequence, payload.decode()),
                )

    def after(
        self, organization_id: UUID, position: int, limit: int, platforms: Sequence[UUID] | None
    ) -> Sequence[Position]:
        """Own and foreign events after a position, in order; with `platforms`, none about other platforms. It is one
        statement, because a single snapshot has no gap."""
        asked = {"organization": organization_id, "position": position, "limit": limit}
        if platforms is None:
            rows = self.database.all(_ALL, asked)
        else:
            rows = self.database.all(_OF_PLATFORMS, {**asked, "platforms": ["", *map(str, platforms)]})
        return [Position(**row) for row in rows]

    @on(Organization.OrgPurged)
    def _purged(self, cursor: Cursor[Any], event: Organization.OrgPurged, _: Recorded) -> None:
        cursor.execute("DELETE FROM heard WHERE organization_id = %s", (event.originator_id,))
