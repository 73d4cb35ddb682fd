"""Times and addresses of the first and last use of client secrets: collected in memory, written every 20 seconds."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from uuid import UUID

from psycopg import OperationalError
from starlette.concurrency import run_in_threadpool

from kit.db.database import Database

# Together less than a minute, which is how old what is shown may be.
_WRITE_EVERY = 20.0  # seconds
_NOTE_EVERY = timedelta(seconds=10)
_WRITE = """
INSERT INTO client_secret_uses AS known SELECT %(secret)s, %(first_at)s, %(first)s, %(last_at)s, %(last)s
WHERE EXISTS (SELECT FROM client_secrets WHERE id = %(secret)s)
ON CONFLICT (secret_id) DO UPDATE SET last_at = EXCLUDED.last_at, last_address = EXCLUDED.last_address
WHERE known.last_at < EXCLUDED.last_at
"""


@dataclass(frozen=True)
class _Uses:
    """Uses since the last write."""

    first_at: datetime
    first_address: str
    last_at: datetime
    last_address: str


class SecretUses:
    """`clock` returns the time in UTC."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._noted: dict[UUID, _Uses] = {}
        self._lock = Lock()

    def note(self, secret_id: UUID, address: Callable[[], str]) -> None:
        """The secret was used now. `address` returns the caller's; it is called only if the use is kept."""
        now, known = self._clock(), self._noted.get(secret_id)
        if known is not None and now - known.last_at < _NOTE_EVERY:
            return
        used_from = address()
        with self._lock:
            known = self._noted.get(secret_id) or _Uses(now, used_from, now, used_from)
            self._noted[secret_id] = replace(known, last_at=now, last_address=used_from)

    async def run(self) -> None:
        """Write until cancelled, and once more on cancellation."""
        try:
            while True:
                await asyncio.sleep(_WRITE_EVERY)
                with suppress(OperationalError):
                    await run_in_threadpool(self.write)
        finally:
            with suppress(OperationalError):
                self.write()

    def write(self) -> None:
        """Write what was collected; on failure it is kept for the next call. Raises psycopg.OperationalError."""
        with self._lock:
            noted, self._noted = self._noted, {}
        if not noted:
            return
        try:
            with self._database.transaction() as cursor:
                # In one order, or two replicas that write the same secrets would wait for each other.
                for secret_id, uses in sorted(noted.items()):
                    cursor.execute(_WRITE, _row(secret_id, uses))
        except OperationalError:
            with self._lock:
                self._noted = {**noted, **self._noted}
            raise


def _row(secret_id: UUID, uses: _Uses) -> dict[str, object]:
    return {
        "secret": secret_id,
        "first_at": uses.first_at,
        "first": uses.first_address,
        "last_at": uses.last_at,
        "last": uses.last_address,
    }
