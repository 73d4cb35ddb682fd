"""Gauges that are read from the bus and the database by a timer, so that every replica tells the same."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from math import nan
from typing import LiteralString

from psycopg import OperationalError
from psycopg.sql import SQL

from kit.db.database import Database
from kit.messaging.consumer import ConsumerRunner
from kit.messaging.relay import Relay
from kit.operations.overview import told
from kit.telemetry.metrics import CONSUMER_PENDING, ENDING, FIRST_END, RELAY_AGE, STREAM_BYTES, STREAM_MESSAGES

_EVERY = 15.0  # seconds, as often as Prometheus asks
_AGAIN = 1.0  # seconds, while the bus or the database does not answer
_ENDS = SQL(
    "SELECT extract(epoch FROM min(ends_at))::float AS first, "
    "count(*) FILTER (WHERE ends_at <= now() + interval '7 days') AS week, count(*) AS month "
    "FROM ({}) AS ends WHERE ends_at <= now() + interval '30 days'"
)


class Expirations:
    """Things with an end date, by a query that gives each one's as `ends_at`."""

    def __init__(self, what: str, database: Database, query: LiteralString) -> None:
        self._what = what
        self._database = database
        self._query = _ENDS.format(SQL(query))

    def refresh(self) -> bool:
        """Whether the database answered; until then nothing is known."""
        row = None
        with suppress(OperationalError):
            row = self._database.one(self._query)
        found = row or {"first": None, "week": nan, "month": nan}
        FIRST_END.labels(self._what).set(nan if found["first"] is None else found["first"])
        ENDING.labels(self._what, "7d").set(found["week"])
        ENDING.labels(self._what, "30d").set(found["month"])
        return row is not None


class Gauges:
    """Of a service's own stream, its places in others, and what it has that ends."""

    def __init__(self, relay: Relay, reading: Sequence[ConsumerRunner], ends: Sequence[Expirations] = ()) -> None:
        self._relay = relay
        self._reading = reading
        self._ends = ends

    async def run(self) -> None:
        """Refresh until cancelled."""
        while True:
            on_the_bus = await asyncio.gather(self._stream(), *(self._place(one) for one in self._reading))
            in_the_database = [await asyncio.to_thread(one.refresh) for one in self._ends]
            await asyncio.sleep(_EVERY if all([*on_the_bus, *in_the_database]) else _AGAIN)

    async def _stream(self) -> bool:
        standing = await told(self._relay.standing())
        STREAM_MESSAGES.labels(self._relay.name).set(standing.messages if standing else nan)
        STREAM_BYTES.labels(self._relay.name).set(standing.bytes if standing else nan)
        if standing is not None:
            RELAY_AGE.labels(self._relay.name).set(time.time() - standing.since.timestamp() if standing.since else 0.0)
        return standing is not None

    async def _place(self, consumer: ConsumerRunner) -> bool:
        lag = await told(consumer.lag())
        CONSUMER_PENDING.labels(consumer.inbox.durable).set(lag.pending if lag else nan)
        return lag is not None
