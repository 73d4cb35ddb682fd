"""Erases messages with personal data from the service's own stream; the server overwrites their bytes."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

import nats.errors
import nats.js.errors
from nats.js import JetStreamContext
from psycopg import OperationalError

from kit.db.database import Database
from kit.db.worker import Worker
from kit.messaging.bus import Bus
from kit.messaging.consumer import Stream

SCHEMA = "CREATE TABLE to_shred (subject text PRIMARY KEY, after_sequence bigint NOT NULL);"
_EVERY = 2.0  # seconds


class StreamEraser:
    """A command marks what must be erased in its own transaction; the stream follows once the bus can be reached.

    A subject is erased only once the stream holds the event at `after_sequence` or a later one, for two reasons: the
    relay reads its position from the stream's last message, so that one must stay; and a message that is still on its
    way to the stream would be missed. Any number of replicas may run it.
    """

    def __init__(self, database: Database, stream: Stream) -> None:
        self._database = database
        self._stream = stream.name
        self._all = stream.subjects[0]

    def mark(self, subject: str, after_sequence: int) -> None:
        """Have the messages of a subject (with wildcards, if it must be) erased; part of the transaction at hand."""
        self._database.execute(
            "INSERT INTO to_shred (subject, after_sequence) VALUES (%s, %s) ON CONFLICT (subject) "
            "DO UPDATE SET after_sequence = greatest(to_shred.after_sequence, EXCLUDED.after_sequence)",
            (subject, after_sequence),
        )

    def waiting(self, subjects: Sequence[str]) -> int:
        """How many of these are marked and not erased yet."""
        row = self._database.one("SELECT count(*) AS waiting FROM to_shred WHERE subject = ANY(%s)", (list(subjects),))
        return row["waiting"] if row else 0

    async def run(self, bus: Bus) -> None:
        """Erase what is marked until cancelled."""
        passing = (nats.errors.Error, OSError, TimeoutError, OperationalError)
        await Worker("stream eraser", partial(self._erase_marked, bus), every=_EVERY, passing=passing).run()

    async def _erase_marked(self, bus: Bus) -> None:
        marked = await asyncio.to_thread(self._marked)
        if marked and bus.connected:
            await self._erase(bus.jetstream, marked)

    def _marked(self) -> Sequence[dict[str, Any]]:
        return self._database.all("SELECT subject, after_sequence FROM to_shred ORDER BY after_sequence LIMIT 100")

    async def _erase(self, jetstream: JetStreamContext, marked: Sequence[dict[str, Any]]) -> None:
        reached = await self._reached(jetstream)
        for row in marked:
            if row["after_sequence"] <= reached:
                await self._erase_subject(jetstream, row["subject"])
                await asyncio.to_thread(
                    self._database.execute,
                    "DELETE FROM to_shred WHERE subject = %s AND after_sequence = %s",
                    (row["subject"], row["after_sequence"]),
                )

    async def _reached(self, jetstream: JetStreamContext) -> int:
        """The sequence of the stream's last event; 0 for an empty stream."""
        try:
            last = await jetstream.get_last_msg(self._stream, self._all)
        except nats.js.errors.NotFoundError:
            return 0
        return int((last.headers or {})["Nats-Msg-Id"].rpartition("-")[2])

    async def _erase_subject(self, jetstream: JetStreamContext, subject: str) -> None:
        place = 1
        while True:
            try:
                found = await jetstream.get_msg(self._stream, seq=place, subject=subject, next=True)
            except nats.js.errors.NotFoundError:
                return
            assert found.seq is not None, "a stored message without its place"
            await jetstream.delete_msg(self._stream, found.seq)
            place = found.seq + 1
