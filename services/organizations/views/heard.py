"""Events that other services told of an organization, kept as they stood on the bus, each at its place in the feed.

Own events have their place in the feed already: their sequence. What is heard takes the next number of the same
sequence under the same lock, so that places are committed in order, whoever writes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Cursor

from contracts.envelope import Attributes
from kit.eventstore.store import Recorded
from kit.eventstore.views import Views, on
from organizations.domain import Organization

SCHEMA = """
CREATE TABLE heard (
    position bigint PRIMARY KEY DEFAULT nextval('events_sequence_seq'), organization_id uuid NOT NULL,
    source text NOT NULL, sequence bigint NOT NULL, envelope json NOT NULL,
    UNIQUE (source, sequence));
CREATE INDEX heard_order ON heard (organization_id, position);
"""
_PLATFORM: LiteralString = "coalesce(envelope #>> '{data,platform_id}', '')"
_PLACE: LiteralString = "(position + 0)"  # a planner that takes the primary key's order reads past all that is hidden
BY_PLATFORM: LiteralString = f"CREATE INDEX heard_of_platform ON heard (organization_id, ({_PLATFORM}), {_PLACE})"
"""For readers with limits: '' stands for events about no platform."""

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
class Placed:
    """A place in the feed; `envelope` is null for an own event, which is read from the store."""

    position: int
    envelope: dict[str, Any] | None


class HeardEvents(Views):
    """Filled from the bus, so a rebuild leaves it alone; with a purged organization its events go."""

    def hear(self, attributes: Attributes, payload: bytes) -> None:
        """Give a message its place; once, however often it is told, and not for an organization that was purged."""
        if attributes.organization is None:
            return
        with self.database.transaction() as cursor:
            if may_be_told(cursor, attributes.organization):
                cursor.execute(
                    "INSERT INTO heard (organization_id, source, sequence, envelope) VALUES (%s, %s, %s, %s) "
                    "ON CONFLICT DO NOTHING",
                    (attributes.organization, attributes.source, attributes.sequence, payload.decode()),
                )

    def after(
        self, organization_id: UUID, position: int, limit: int, platforms: Sequence[UUID] | None
    ) -> Sequence[Placed]:
        """Own and heard events over a position, in order; with `platforms`, none about others. One statement: its one
        snapshot has no hole."""
        asked = {"organization": organization_id, "position": position, "limit": limit}
        if platforms is None:
            rows = self.database.all(_ALL, asked)
        else:
            rows = self.database.all(_OF_PLATFORMS, {**asked, "platforms": ["", *map(str, platforms)]})
        return [Placed(**row) for row in rows]

    @on(Organization.OrgPurged)
    def _purged(self, cursor: Cursor[Any], event: Organization.OrgPurged, _: Recorded) -> None:
        cursor.execute("DELETE FROM heard WHERE organization_id = %s", (event.originator_id,))


def may_be_told(cursor: Cursor[Any], organization_id: UUID) -> bool:
    """Whether more may be written down of an organization: no longer once it is purged.

    Until commit no command can store events. So a purge is over or has yet to come, and whoever takes a number of
    the events' sequence now commits before the next one is given out.
    """
    cursor.execute("LOCK TABLE events IN EXCLUSIVE MODE")
    row = cursor.execute("SELECT purged FROM organizations WHERE id = %s", (organization_id,)).fetchone()
    return row is None or not row["purged"]
