"""Warnings of client secrets that expire soon, each sent once to a user who can issue a new one."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from identity.clients.domain import WARNED_AHEAD, Client
from identity.store import IdentityStore

_AT_ONCE = 100


class ExpiryWarnings:
    """`clock` returns the time in UTC."""

    def __init__(self, store: IdentityStore, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def warn(self) -> None:
        """Warn of secrets that expire soon, at most a hundred in one call."""
        now = self._clock()
        due = self._store.database.all(
            "SELECT s.id, s.client FROM client_secrets s JOIN clients c ON c.id = s.client "
            "WHERE NOT s.warned AND s.expires_at > %s AND s.expires_at <= %s AND NOT EXISTS "
            "(SELECT FROM deleted_organization_copies d WHERE d.organization_id = c.organization_id) "
            "ORDER BY s.expires_at LIMIT %s",
            (now, now + WARNED_AHEAD, _AT_ONCE),
        )
        for row in due:
            self._warn(row["client"], row["id"])

    def _warn(self, client_id: UUID, secret_id: UUID) -> None:
        def work() -> None:
            client = self._store.find(Client, client_id)
            secret = client.secrets.get(str(secret_id))
            if secret is not None:
                recipient = self._recipient(client.organization_id, secret.issued_by)
                client.warn_of_expiry(secret_id, recipient, self._clock())
                self._store.save(client)

        self._store.run(work)

    def _recipient(self, organization_id: UUID, issued_by: UUID) -> UUID:
        """The user who issued the secret, or an administrator if that user is no longer a member."""
        row = self._store.database.one(
            "SELECT user_id FROM member_copies WHERE organization_id = %s "
            "AND (user_id = %s OR granted->>'role' = 'administrator') ORDER BY user_id = %s DESC, user_id LIMIT 1",
            (organization_id, issued_by, issued_by),
        )
        return row["user_id"] if row else issued_by
