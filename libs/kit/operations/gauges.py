"""Gauges that are read from the bus and the database by a timer, so that every replica reports the same."""

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
from kit.operations.overview import answer_or_none
from kit.telemetry.metrics import CONSUMER_PENDING, EXPIRING, FIRST_EXPIRATION, RELAY_AGE, STREAM_BYTES, STREAM_MESSAGES

_EVERY = 15.0  # seconds, as often as Prometheus asks
_AGAIN = 1.0  # seconds, while the bus or the database does not answer
_EXPIRATIONS = SQL(
    "SELECT extract(epoch FROM min(ends_at))::float AS first, "
    "count(*) FILTER (WHERE ends_at <= now() + interval '7 days') AS week, count(*) AS month "
    "FROM ({}) AS expirations WHERE ends_at <= now() + interval '30 days'"
)


class Expirations:
    """Things that expire. `query` gives the time of each as `ends_at`; `what` is their label in metrics."""

    def __init__(self, what: str, database: Database, query: LiteralString) -> None:
        self._what = what
        self._database = database
        self._query = _EXPIRATIONS.format(SQL(query))

    def refresh(self) -> bool:
        """Read the gauges anew; answers whether the database answered. While it does not, they are not a number."""
        row = None
        with suppress(OperationalError):
            row = self._database.one(self._query)
        found = row or {"first": None, "week": nan, "month": nan}
        FIRST_EXPIRATION.labels(self._what).set(nan if found["first"] is None else found["first"])
        EXPIRING.labels(self._what, "7d").set(found["week"])
        EXPIRING.labels(self._what, "30d").set(found["month"])
        return row is not None


class Gauges:
    """Gauges of a service's own stream, its consumers, and what it has that expires."""

    def __init__(self, relay: Relay, reading: Sequence[ConsumerRunner], expiring: Sequence[Expirations] = ()) -> None:
        self._relay = relay
        self._reading = reading
        self._expiring = expiring

    async def run(self) -> None:
        """Refresh until cancelled."""
        while True:
            on_the_bus = await asyncio.gather(self._stream(), *(self._consumer(one) for one in self._reading))
            in_the_database = [await asyncio.to_thread(one.refresh) for one in self._expiring]
            await asyncio.sleep(_EVERY if all([*on_the_bus, *in_the_database]) else _AGAIN)

    async def _stream(self) -> bool:
        status = await answer_or_none(self._relay.status())
        STREAM_MESSAGES.labels(self._relay.name).set(status.messages if status else nan)
        STREAM_BYTES.labels(self._relay.name).set(status.bytes if status else nan)
        if status is not None:
            RELAY_AGE.labels(self._relay.name).set(time.time() - status.since.timestamp() if status.since else 0.0)
        return status is not None

    async def _consumer(self, consumer: ConsumerRunner) -> bool:
        lag = await answer_or_none(consumer.lag())
        CONSUMER_PENDING.labels(consumer.inbox.durable).set(lag.pending if lag else nan)
        return lag is not None
