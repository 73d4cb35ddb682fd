"""Clients of organizations, kept in memory so that a token costs no query."""

from threading import Lock
from uuid import UUID

from starlette.concurrency import run_in_threadpool

from identity.clients.secrets import may_be_secret
from identity.clients.views import ClientRow, ClientViews
from identity.oauth.known_clients import OrganizationClient, Secret
from identity.oauth.revocation_cache import RevocationCache

_MOST = 50_000


class ClientCache:
    """`revocations` says whether what is remembered is fresh enough to be trusted."""

    def __init__(self, views: ClientViews, revocations: RevocationCache) -> None:
        self._views = views
        self._revocations = revocations
        self._known: dict[str, OrganizationClient] = {}
        self._forgotten = 0  # how often anything was forgotten
        self._lock = Lock()
        revocations.on_client(self.forget)

    async def current(self, client_id: str, secret: str | None) -> OrganizationClient | None:
        """The client as it was less than a second ago; read again before a secret is refused."""
        known = self._remembered(client_id)
        if secret is None or (known is not None and known.check_client_secret(secret)):
            return known
        if not may_be_secret(secret):
            return None
        return await run_in_threadpool(self.load, client_id)

    async def named_in_token(self, client_id: str) -> OrganizationClient | None:
        """The client that a token was issued to; read from the database if it is not in memory."""
        return self._remembered(client_id) or await run_in_threadpool(self.load, client_id)

    def _remembered(self, client_id: str) -> OrganizationClient | None:
        known = self._known.get(client_id) if self._revocations.is_fresh else None
        return None if known is None or self._revocations.is_deleted(known.organization_id) else known

    def load(self, client_id: str) -> OrganizationClient | None:
        """Read the client from the database."""
        forgotten = self._forgotten
        row = self._views.client_by_client_id(client_id)
        if row is None:
            return None
        client = _client(row)
        with self._lock:
            # What was read before a change that was noticed meanwhile must not be kept.
            if forgotten == self._forgotten:
                self._known[client_id] = client
            if len(self._known) > _MOST:
                self._known = {}
        return client

    def forget(self, id: UUID) -> None:
        """The client has changed: read it again when it is next needed."""
        with self._lock:
            self._forgotten += 1
            self._known = {key: client for key, client in self._known.items() if client.id != id}


def _client(row: ClientRow) -> OrganizationClient:
    secrets = tuple(Secret(secret.id, secret.hash, secret.expires_at) for secret in row.secrets)
    return OrganizationClient(row.id, row.client_id, row.organization_id, row.scopes, secrets)
