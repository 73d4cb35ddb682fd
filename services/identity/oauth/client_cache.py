"""Clients of organizations, kept in memory so that a token costs no query, and never older than a second."""

import asyncio
import time
from contextlib import suppress
from threading import Lock
from uuid import UUID

from psycopg import OperationalError
from starlette.concurrency import run_in_threadpool

from identity.application.client_secrets import may_be_secret
from identity.oauth.clients import OrganizationClient, Secret
from identity.views.clients import ClientRow, ClientViews

_INTERVAL = 0.4  # seconds between two looks at the event table
_OLDEST = 1.0  # seconds after which what is in memory is no longer believed
_MOST = 50_000


class ClientCache:
    """Each replica looks at the event table itself: nothing that could be missed tells it of a change."""

    def __init__(self, views: ClientViews) -> None:
        self._views = views
        self._known: dict[str, OrganizationClient] = {}
        self._position: int | None = None
        self._looked_at = float("-inf")
        self._forgotten = 0  # how often anything was forgotten
        self._lock = Lock()

    async def current(self, client_id: str, secret: str | None) -> OrganizationClient | None:
        """The client as it was less than a second ago; looked up before a secret is refused."""
        known = self._known.get(client_id) if time.monotonic() - self._looked_at < _OLDEST else None
        if secret is None or (known is not None and known.check_client_secret(secret)):
            return known
        if not may_be_secret(secret):
            return None
        return await run_in_threadpool(self.load, client_id)

    def load(self, client_id: str) -> OrganizationClient | None:
        """The client as it stands in the database."""
        forgotten = self._forgotten
        row = self._views.client_by_client_id(client_id)
        if row is None:
            return None
        client = _client(row)
        with self._lock:
            # What was read before a change that has been noticed meanwhile must not stay.
            if forgotten == self._forgotten:
                self._known[client_id] = client
            if len(self._known) > _MOST:
                self._known = {}
        return client

    def forget(self, id: UUID) -> None:
        """The client has changed: it is read again when it is next needed."""
        with self._lock:
            self._forgotten += 1
            self._known = {key: client for key, client in self._known.items() if client.id != id}

    async def run(self) -> None:
        """Notice what other replicas have changed, until cancelled."""
        while True:
            # While the database is away nothing in memory is believed for longer than _OLDEST.
            with suppress(OperationalError):
                await run_in_threadpool(self.look)
            await asyncio.sleep(_INTERVAL)

    def look(self) -> None:
        """Forget the clients that events since the last look are about."""
        begun = time.monotonic()
        if self._position is None:
            row = self._views.database.one("SELECT coalesce(max(sequence), 0) AS last FROM events")
            self._position = row["last"] if row else 0
        else:
            rows = self._views.database.all(
                "SELECT sequence, originator_id, topic FROM events WHERE sequence > %s ORDER BY sequence",
                (self._position,),
            )
            for changed in {row["originator_id"] for row in rows if row["topic"].startswith("identity.Client")}:
                self.forget(changed)
            self._position = rows[-1]["sequence"] if rows else self._position
        self._looked_at = begun


def _client(row: ClientRow) -> OrganizationClient:
    secrets = tuple(Secret(secret.hash, secret.expires_at) for secret in row.secrets)
    return OrganizationClient(row.id, row.client_id, row.organization_id, row.scopes, secrets)
