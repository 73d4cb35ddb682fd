"""Takes messages that hold what must be forgotten off the service's own stream, their bytes overwritten."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import nats.errors
import nats.js.errors
from psycopg import OperationalError

from kit.bus import Bus
from kit.database import Database

SCHEMA = [
    (
        "organizations-shredder-1",
        "CREATE TABLE to_shred (subject text PRIMARY KEY, after_sequence bigint NOT NULL);",
    )
]

_EVERY = 2.0  # seconds


class Shredder:
    """Forgetting is stored with the command that demands it; the stream follows when it is in reach.

    A subject is shredded only once the stream holds the event at `after_sequence` or a later one. Whoever resumes
    relaying reads its place from the stream's last message, so that one must stay; and a message that is still on
    its way to the stream would be missed. Any number of replicas may run it.
    """

    def __init__(self, database: Database, bus: Bus, stream: str) -> None:
        self._database = database
        self._bus = bus
        self._stream = stream
        self._log = logging.getLogger("organizations.shredder")

    def mark(self, organization_id: UUID, aggregate_id: UUID, after_sequence: int) -> None:
        """Have the messages of one aggregate shredded; part of the transaction at hand."""
        self._database.execute(
            "INSERT INTO to_shred (subject, after_sequence) VALUES (%s, %s) ON CONFLICT (subject) "
            "DO UPDATE SET after_sequence = greatest(to_shred.after_sequence, EXCLUDED.after_sequence)",
            (f"evt.organizations.{organization_id}.{aggregate_id}.*", after_sequence),
        )

    async def run(self) -> None:
        """Shred what is marked until cancelled."""
        while True:
            try:
                marked = await asyncio.to_thread(self._marked)
                if marked and self._bus.connected:
                    await self._shred(marked)
            except (nats.errors.Error, OSError, TimeoutError, OperationalError) as error:
                self._log.warning("shredding waits: %s", error or type(error).__name__)
            await asyncio.sleep(_EVERY)

    def _marked(self) -> Sequence[dict[str, Any]]:
        return self._database.all("SELECT subject, after_sequence FROM to_shred ORDER BY after_sequence LIMIT 100")

    async def _shred(self, marked: Sequence[dict[str, Any]]) -> None:
        reached = await self._reached()
        for row in marked:
            if row["after_sequence"] <= reached:
                await self._shred_subject(row["subject"])
                await asyncio.to_thread(
                    self._database.execute,
                    "DELETE FROM to_shred WHERE subject = %s AND after_sequence = %s",
                    (row["subject"], row["after_sequence"]),
                )

    async def _reached(self) -> int:
        """The sequence of the stream's last event; 0 for an empty stream."""
        try:
            last = await self._bus.jetstream.get_last_msg(self._stream, "evt.organizations.>")
        except nats.js.errors.NotFoundError:
            return 0
        return int((last.headers or {})["Nats-Msg-Id"].rpartition("-")[2])

    async def _shred_subject(self, subject: str) -> None:
        place = 1
        while True:
            try:
                found = await self._bus.jetstream.get_msg(self._stream, seq=place, subject=subject, next=True)
            except nats.js.errors.NotFoundError:
                return
            assert found.seq is not None, "a stored message without its place"
            await self._bus.jetstream.delete_msg(self._stream, found.seq)
            place = found.seq + 1
