"""Revoked tokens, ended sessions and changed clients, in memory: each replica polls, and trusts a second at most."""

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from uuid import UUID

from psycopg import OperationalError
from starlette.concurrency import run_in_threadpool

from identity.oauth.revoke.domain import RevokedToken
from identity.sessions.domain import UserSession
from identity.signing_keys.service import SigningKeys
from kit.db.database import Database

_INTERVAL = 0.4  # seconds between two polls
_IDLE_INTERVAL = 2.0  # seconds, while no requests come; the first request afterwards polls itself
_IDLE_AFTER = 10.0
_OLDEST = 1.0  # seconds after which what is in memory is no longer trusted
_REMEMBERED = 2 * 3600.0  # seconds; longer than the lifetime of any access token
_REVOKING = {RevokedToken.Revoked.TOPIC, UserSession.Ended.TOPIC}
_POLL = """
SELECT (SELECT coalesce(max(sequence), 0) FROM events) AS last,
    ARRAY(SELECT kid FROM signing_keys) AS keys,
    ARRAY(SELECT organization_id FROM deleted_organization_copies d
        WHERE EXISTS (SELECT FROM clients c WHERE c.organization_id = d.organization_id)) AS deleted
"""


class RevocationCache:
    """Follows the event table, so that no notification can be lost on the way to a replica."""

    def __init__(self, database: Database, signing_keys: SigningKeys) -> None:
        self._database = database
        self._signing_keys = signing_keys
        self._forget_client: Callable[[UUID], None] = lambda _: None
        self._deleted: frozenset[UUID] = frozenset()
        self._revoked: dict[UUID, float] = {}
        self._position: int | None = None
        self._polled_at = float("-inf")
        self._asked_at = float("-inf")

    def on_client(self, forget: Callable[[UUID], None]) -> None:
        """Call `forget` with the id of each client that changes."""
        self._forget_client = forget

    @property
    def is_fresh(self) -> bool:
        """Whether what is in memory is less than a second old."""
        self._asked_at = time.monotonic()
        return self._asked_at - self._polled_at < _OLDEST

    async def refresh(self) -> None:
        """Poll, if the last poll is too long ago. Raises psycopg.OperationalError while the database is away."""
        if not self.is_fresh:
            await run_in_threadpool(self.poll)

    def is_revoked(self, *ids: UUID) -> bool:
        """Whether any of these sessions has ended, or any of these tokens (`jti`) was revoked."""
        return any(id in self._revoked for id in ids)

    def is_deleted(self, organization_id: UUID) -> bool:
        """Whether the organization of a client is deleted."""
        return organization_id in self._deleted

    async def run(self) -> None:
        """Poll again and again, until cancelled."""
        while True:
            with suppress(OperationalError):
                await run_in_threadpool(self.poll)
            idle = time.monotonic() - self._asked_at > _IDLE_AFTER
            await asyncio.sleep(_IDLE_INTERVAL if idle else _INTERVAL)

    def poll(self) -> None:
        """Read what has changed since the last poll."""
        begun = time.monotonic()
        row = self._database.one(_POLL)
        assert row is not None
        if self._position is None:
            # Read after the position, so it may hold a little more; that is read again, which does no harm.
            self._remember(
                each["id"]
                for each in self._database.all(
                    "SELECT id FROM sessions WHERE ended_at IS NOT NULL UNION ALL SELECT jti FROM revoked_tokens"
                )
            )
        elif row["last"] > self._position:
            self._follow(self._position)
        self._position = row["last"]
        self._deleted = frozenset(row["deleted"])
        self._signing_keys.notice(row["keys"])
        self._forget_old()
        self._polled_at = begun

    def _follow(self, after: int) -> None:
        rows = self._database.all(
            "SELECT originator_id AS id, topic FROM events WHERE sequence > %s ORDER BY sequence", (after,)
        )
        for changed in {row["id"] for row in rows if row["topic"].startswith("identity.Client")}:
            self._forget_client(changed)
        self._remember(row["id"] for row in rows if row["topic"] in _REVOKING)

    def _remember(self, ids: Iterable[UUID]) -> None:
        until = time.monotonic() + _REMEMBERED
        self._revoked.update((id, until) for id in ids)

    def _forget_old(self) -> None:
        now = time.monotonic()
        for id, until in list(self._revoked.items()):
            if until > now:
                break
            del self._revoked[id]
