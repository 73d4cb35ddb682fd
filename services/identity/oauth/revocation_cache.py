"""What tokens and clients are judged by, in memory: noticed by each replica itself, never older than a second."""

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

_INTERVAL = 0.4  # seconds between two looks at the database
_IDLE_INTERVAL = 2.0  # seconds, while nobody asks; whoever asks first then looks in the database
_IDLE_AFTER = 10.0
_OLDEST = 1.0  # seconds after which what is in memory is no longer believed
_REMEMBERED = 2 * 3600.0  # seconds; longer than any access token lives
_ENDINGS = {RevokedToken.Revoked.TOPIC, UserSession.Ended.TOPIC}
_LOOK = """
SELECT (SELECT coalesce(max(sequence), 0) FROM events) AS last,
    ARRAY(SELECT kid FROM signing_keys) AS keys,
    ARRAY(SELECT organization_id FROM deleted_organization_copies d
        WHERE EXISTS (SELECT FROM clients c WHERE c.organization_id = d.organization_id)) AS deleted
"""


class Changes:
    """Follows the event table: nothing that could be missed tells a replica of a change."""

    def __init__(self, database: Database, signing_keys: SigningKeys) -> None:
        self._database = database
        self._signing_keys = signing_keys
        self._forget_client: Callable[[UUID], None] = lambda _: None
        self._deleted: frozenset[UUID] = frozenset()
        self._ended: dict[UUID, float] = {}
        self._position: int | None = None
        self._looked_at = float("-inf")
        self._asked_at = float("-inf")

    def on_client(self, forget: Callable[[UUID], None]) -> None:
        """Call this with the id of each client that changes."""
        self._forget_client = forget

    @property
    def are_fresh(self) -> bool:
        """Whether what is in memory is less than a second old."""
        self._asked_at = time.monotonic()
        return self._asked_at - self._looked_at < _OLDEST

    async def refresh(self) -> None:
        """Look, if the last look is too long ago. Raises psycopg.OperationalError while the database is away."""
        if not self.are_fresh:
            await run_in_threadpool(self.look)

    def has_ended(self, *ids: UUID) -> bool:
        """Whether any of these sessions has ended, or token was revoked."""
        return any(id in self._ended for id in ids)

    def is_deleted(self, organization_id: UUID) -> bool:
        """Whether the organization of a client is deleted."""
        return organization_id in self._deleted

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            with suppress(OperationalError):
                await run_in_threadpool(self.look)
            idle = time.monotonic() - self._asked_at > _IDLE_AFTER
            await asyncio.sleep(_IDLE_INTERVAL if idle else _INTERVAL)

    def look(self) -> None:
        """Notice what has changed since the last look."""
        begun = time.monotonic()
        row = self._database.one(_LOOK)
        assert row is not None
        if self._position is None:
            # All that has ended up to the position, or a little after it.
            self._end(
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
        self._looked_at = begun

    def _follow(self, after: int) -> None:
        rows = self._database.all(
            "SELECT originator_id AS id, topic FROM events WHERE sequence > %s ORDER BY sequence", (after,)
        )
        for changed in {row["id"] for row in rows if row["topic"].startswith("identity.Client")}:
            self._forget_client(changed)
        self._end(row["id"] for row in rows if row["topic"] in _ENDINGS)

    def _end(self, ids: Iterable[UUID]) -> None:
        until = time.monotonic() + _REMEMBERED
        self._ended.update((id, until) for id in ids)

    def _forget_old(self) -> None:
        now = time.monotonic()
        for id, until in list(self._ended.items()):
            if until > now:
                break
            del self._ended[id]
