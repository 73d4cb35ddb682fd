"""Read models of platforms, changed in the transaction of their events."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg import Cursor
from psycopg.types.json import Jsonb

from kit.db.migrations import read
from kit.eventstore.projection import Projection, on
from kit.eventstore.store import Recorded
from platforms.connectors import installed
from platforms.platforms.domain import TradePlatform

SCHEMA = read(Path(__file__).with_name("schema.sql"))

_VISIBLE = "NOT EXISTS (SELECT FROM deleted_organizations d WHERE d.organization_id = p.organization_id)"


@dataclass(frozen=True)
class PlatformRow:
    """`api_credentials` and `db_credentials` hold host, port, login, database, tls, version, fingerprint, options,
    set_at, set_by; null when absent. Those stored by earlier releases have no options."""

    id: UUID
    organization_id: UUID
    name: str
    kind: str
    api: str
    api_credentials: dict[str, Any] | None
    db_credentials: dict[str, Any] | None
    state: str
    reason: str | None
    since: datetime
    created_at: datetime


class PlatformViews(Projection):
    """Deleted organizations come from another service, so that table is not emptied in a rebuild."""

    tables = ("platforms",)

    @on(TradePlatform.PlatformAdded)
    def _added(self, cursor: Cursor[Any], event: TradePlatform.PlatformAdded, recorded: Recorded) -> None:
        cursor.execute(
            "INSERT INTO platforms (id, organization_id, name, kind, api, state, since, created_at) "
            "VALUES (%s, %s, %s, %s, %s, 'unknown', %s, %s)",
            (
                recorded.aggregate_id,
                event.organization_id,
                event.name,
                event.kind,
                event.api,
                recorded.time,
                recorded.time,
            ),
        )

    @on(TradePlatform.PlatformRenamed)
    def _renamed(self, cursor: Cursor[Any], event: TradePlatform.PlatformRenamed, recorded: Recorded) -> None:
        cursor.execute("UPDATE platforms SET name = %s WHERE id = %s", (event.to, recorded.aggregate_id))

    @on(TradePlatform.PlatformApiChosen)
    def _api_chosen(self, cursor: Cursor[Any], event: TradePlatform.PlatformApiChosen, recorded: Recorded) -> None:
        connector = installed().api(event.to)
        tls = (connector and connector.tls) or "off"
        cursor.execute(
            "UPDATE platforms SET api = %s, api_credentials = api_credentials || %s WHERE id = %s",
            (event.to, Jsonb({"tls": tls}), recorded.aggregate_id),
        )

    @on(TradePlatform.PlatformCredentialsSet)
    def _credentials_set(
        self, cursor: Cursor[Any], event: TradePlatform.PlatformCredentialsSet, recorded: Recorded
    ) -> None:
        known = {
            "host": event.host,
            "port": event.port,
            "login": event.login,
            "database": event.database,
            "tls": event.tls,
            "version": event.version,
            "fingerprint": event.fingerprint,
            "set_at": recorded.time.isoformat(),
            "set_by": event.by,
        }
        if event.options is not None:  # rows of earlier releases have none, and a rebuild must give the same rows
            known["options"] = event.options
        self._put(cursor, recorded.aggregate_id, event.target, Jsonb(known))

    @on(TradePlatform.PlatformCredentialsRemoved)
    def _credentials_removed(
        self, cursor: Cursor[Any], event: TradePlatform.PlatformCredentialsRemoved, recorded: Recorded
    ) -> None:
        self._put(cursor, recorded.aggregate_id, event.target, None)

    @on(TradePlatform.PlatformStatusChanged)
    def _status_changed(
        self, cursor: Cursor[Any], event: TradePlatform.PlatformStatusChanged, recorded: Recorded
    ) -> None:
        cursor.execute(
            "UPDATE platforms SET since = CASE WHEN state = %s THEN since ELSE %s END, state = %s, reason = %s "
            "WHERE id = %s",
            (event.to, recorded.time, event.to, event.reason, recorded.aggregate_id),
        )

    @on(TradePlatform.PlatformRemoved)
    def _removed(self, cursor: Cursor[Any], event: TradePlatform.PlatformRemoved, recorded: Recorded) -> None:
        cursor.execute("DELETE FROM platforms WHERE id = %s", (recorded.aggregate_id,))

    def find(self, organization_id: UUID, platform_id: UUID) -> PlatformRow | None:
        """A platform of an organization that is not deleted."""
        row = self.database.one(
            f"SELECT p.* FROM platforms p WHERE p.id = %s AND p.organization_id = %s AND {_VISIBLE}",  # noqa: S608
            (platform_id, organization_id),
        )
        return None if row is None else PlatformRow(**row)

    def all(
        self, organization_id: UUID, only: Sequence[UUID] | None, after: tuple[datetime | str, UUID], limit: int
    ) -> list[PlatformRow]:
        """In the order they were added; `only` these when limits name them; limit + 1 at most."""
        rows = self.database.all(
            f"SELECT p.* FROM platforms p WHERE p.organization_id = %s AND {_VISIBLE} "  # noqa: S608
            "AND (%s::uuid[] IS NULL OR p.id = ANY(%s)) AND (p.created_at, p.id) > (%s::timestamptz, %s) "
            "ORDER BY p.created_at, p.id LIMIT %s",
            (organization_id, _ids(only), _ids(only), *after, limit + 1),
        )
        return [PlatformRow(**row) for row in rows]

    def versions(self, platform_ids: Collection[UUID]) -> dict[UUID, tuple[str, int]]:
        """API and version of the API credentials, of those platforms that have them and whose organization is there."""
        rows = self.database.all(
            "SELECT p.id, p.api, (p.api_credentials->>'version')::int AS version FROM platforms p "  # noqa: S608
            f"WHERE p.id = ANY(%s) AND p.api_credentials IS NOT NULL AND {_VISIBLE}",
            (list(platform_ids),),
        )
        return {row["id"]: (row["api"], row["version"]) for row in rows}

    def ids_of(self, organization_id: UUID) -> list[UUID]:
        """All platforms of an organization, deleted or not."""
        rows = self.database.all("SELECT id FROM platforms WHERE organization_id = %s", (organization_id,))
        return [row["id"] for row in rows]

    def is_deleted(self, organization_id: UUID) -> bool:
        row = self.database.one(
            "SELECT 1 AS one FROM deleted_organizations WHERE organization_id = %s", (organization_id,)
        )
        return row is not None

    def organization_deleted(self, organization_id: UUID, restorable_until: datetime) -> None:
        self.database.execute(
            "INSERT INTO deleted_organizations (organization_id, restorable_until) VALUES (%s, %s) "
            "ON CONFLICT (organization_id) DO UPDATE SET restorable_until = EXCLUDED.restorable_until",
            (organization_id, restorable_until),
        )

    def organization_restored(self, organization_id: UUID) -> None:
        self.database.execute(
            "DELETE FROM deleted_organizations WHERE organization_id = %s AND NOT ended", (organization_id,)
        )

    def to_end(self, now: datetime) -> list[UUID]:
        """Deleted organizations that can no longer be restored."""
        rows = self.database.all(
            "SELECT organization_id FROM deleted_organizations WHERE restorable_until <= %s AND NOT ended", (now,)
        )
        return [row["organization_id"] for row in rows]

    def organization_ended(self, organization_id: UUID) -> None:
        self.database.execute(
            "UPDATE deleted_organizations SET ended = true WHERE organization_id = %s", (organization_id,)
        )

    @staticmethod
    def _put(cursor: Cursor[Any], platform_id: UUID, target: str, known: Jsonb | None) -> None:
        column = "api_credentials" if target == "api" else "db_credentials"
        cursor.execute(
            f"UPDATE platforms SET {column} = %s WHERE id = %s".encode(),  # noqa: S608 - own names
            (known, platform_id),
        )


def _ids(only: Sequence[UUID] | None) -> list[UUID] | None:
    return None if only is None else list(only)
