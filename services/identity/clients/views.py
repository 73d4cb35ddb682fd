"""Clients, and their secrets without the values."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

from psycopg import Cursor

from contracts.permissions import Limits
from identity.clients.domain import Client
from kit.eventstore.projection import Projection, on
from kit.eventstore.store import Recorded
from kit.http.pagination import EARLIEST, Paging

SECRETS = "SELECT expires_at AS ends_at FROM client_secrets WHERE expires_at > now()"


@dataclass(frozen=True)
class Use:
    """Time and network address of a use."""

    at: datetime
    address: str


@dataclass(frozen=True)
class SecretRow:
    """`hash` is the SHA-256 of the secret. Uses are up to a minute old, None if there was none."""

    id: UUID
    name: str
    created_at: datetime
    expires_at: datetime | None
    first_use: Use | None
    last_use: Use | None
    hash: bytes = field(repr=False)


@dataclass(frozen=True)
class ClientRow:
    id: UUID
    client_id: str
    organization_id: UUID
    name: str
    scopes: tuple[str, ...]
    limits: Limits
    created_at: datetime
    secrets: tuple[SecretRow, ...]


class ClientViews(Projection):
    """No event holds the rows of `client_secret_hashes`: they are written with the event that names the secret."""

    tables: ClassVar[tuple[str, ...]] = ("clients", "client_secrets")

    def client(self, organization_id: UUID, id: UUID) -> ClientRow | None:
        """The client, if it belongs to this organization."""
        query = "SELECT * FROM clients WHERE organization_id = %s AND id = %s"
        return next(iter(self._with_secrets(self.database.all(query, (organization_id, id)))), None)

    def client_by_client_id(self, client_id: str) -> ClientRow | None:
        """By the `thc_…` of its tokens; None while its organization is deleted."""
        rows = self.database.all(
            "SELECT * FROM clients c WHERE client_id = %s AND NOT EXISTS "
            "(SELECT FROM deleted_organization_copies d WHERE d.organization_id = c.organization_id)",
            (client_id,),
        )
        return next(iter(self._with_secrets(rows)), None)

    def clients(self, organization_id: UUID, paging: Paging) -> list[ClientRow]:
        """Of an organization, oldest first; one more than the page shows if there are more."""
        created_at, last_id = paging.after_key(datetime, UUID) or EARLIEST
        rows = self.database.all(
            "SELECT * FROM clients WHERE organization_id = %s AND (created_at, id) > (%s::timestamptz, %s) "
            "ORDER BY created_at, id LIMIT %s",
            (organization_id, created_at, last_id, paging.limit + 1),
        )
        return self._with_secrets(rows)

    def _with_secrets(self, rows: Sequence[dict[str, Any]]) -> list[ClientRow]:
        if not rows:
            return []
        secrets = self.database.all(
            "SELECT s.*, h.hash, u.* FROM client_secrets s JOIN client_secret_hashes h ON h.secret_id = s.id "
            "LEFT JOIN client_secret_uses u ON u.secret_id = s.id WHERE s.client = ANY(%s) ORDER BY s.created_at, s.id",
            ([row["id"] for row in rows],),
        )
        return [_client(row, [s for s in secrets if s["client"] == row["id"]]) for row in rows]

    @on(Client.ClientCreated)
    def _created(self, cursor: Cursor[Any], event: Client.ClientCreated, recorded: Recorded) -> None:
        cursor.execute(
            "INSERT INTO clients VALUES (%s, %s, %s, %s, %s, %s::uuid[], %s)",
            (
                event.originator_id,
                event.client_id,
                event.organization_id,
                event.name,
                event.scopes,
                event.platforms,
                recorded.time,
            ),
        )

    @on(Client.Renamed)
    def _renamed(self, cursor: Cursor[Any], event: Client.Renamed, _: Recorded) -> None:
        cursor.execute("UPDATE clients SET name = %s WHERE id = %s", (event.name, event.originator_id))

    @on(Client.ScopesChanged)
    def _scopes_changed(self, cursor: Cursor[Any], event: Client.ScopesChanged, _: Recorded) -> None:
        cursor.execute(
            "UPDATE clients SET scopes = %s, platforms = %s::uuid[] WHERE id = %s",
            (event.scopes, event.platforms, event.originator_id),
        )

    @on(Client.SecretIssued)
    def _secret_issued(self, cursor: Cursor[Any], event: Client.SecretIssued, recorded: Recorded) -> None:
        cursor.execute(
            "INSERT INTO client_secrets (id, client, name, created_at, expires_at) VALUES (%s, %s, %s, %s, %s)",
            (event.secret_id, event.originator_id, event.name, recorded.time, event.expires_at),
        )

    @on(Client.SecretExpiring)
    def _secret_expiring(self, cursor: Cursor[Any], event: Client.SecretExpiring, _: Recorded) -> None:
        cursor.execute("UPDATE client_secrets SET warned = true WHERE id = %s", (event.secret_id,))

    @on(Client.SecretEnded)
    def _secret_ended(self, cursor: Cursor[Any], event: Client.SecretEnded, _: Recorded) -> None:
        cursor.execute("DELETE FROM client_secrets WHERE id = %s", (event.secret_id,))

    @on(Client.Removed)
    def _removed(self, cursor: Cursor[Any], event: Client.Removed, _: Recorded) -> None:
        cursor.execute("DELETE FROM clients WHERE id = %s", (event.originator_id,))
        cursor.execute("DELETE FROM client_secrets WHERE client = %s", (event.originator_id,))


def _client(row: dict[str, Any], secrets: list[dict[str, Any]]) -> ClientRow:
    return ClientRow(
        row["id"],
        row["client_id"],
        row["organization_id"],
        row["name"],
        tuple(row["scopes"]),
        Limits(platforms=row["platforms"]),
        row["created_at"].astimezone(UTC),
        tuple(_secret(secret) for secret in secrets),
    )


def _secret(row: dict[str, Any]) -> SecretRow:
    expires_at = row["expires_at"]
    return SecretRow(
        row["id"],
        row["name"],
        row["created_at"].astimezone(UTC),
        None if expires_at is None else expires_at.astimezone(UTC),
        _use(row["first_at"], row["first_address"]),
        _use(row["last_at"], row["last_address"]),
        bytes(row["hash"]),
    )


def _use(at: datetime | None, address: str) -> Use | None:
    return None if at is None else Use(at.astimezone(UTC), address)
