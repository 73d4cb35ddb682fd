"""The event table, as a recorder of `eventsourcing` that joins the call's transaction.

How an event is stored:

1. `Store.run` opens a transaction; nothing is sent yet (`kit.db.cursor`).
2. The command loads its aggregate, checks its rules and triggers events. `Recorder.insert_events` defers a call of the
   SQL function `append_events` (schema.sql), and read models defer what follows from the events.
3. The commit sends all of it in one message. `append_events` locks the table of events in EXCLUSIVE mode, takes the
   sequence numbers, and inserts. Readers are not blocked by that mode; other writers wait.
4. The commit releases the lock, and PostgreSQL delivers the notification on channel `events`, which wakes the relay.

Why the lock: PostgreSQL gives a sequence number when a row is inserted, but shows the row when its transaction commits.
Without the lock, 8 could be visible before 7. A reader that follows `sequence` (the relay, a rebuild) would read 8, go
on after it, and never see 7. With it, numbers are taken in the order of the commits. They rise with gaps: a transaction
that is rolled back does not give its numbers back.

Why the lock is taken last: writers are serial while it is held, so it must not be held while a command thinks or waits
for an answer. That is also why a new event's sequence is unknown to Python before the commit (NextSequence). A
command that lost a race is the exception: it is repeated with the lock taken first (`serialize`), where it cannot lose.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    Notification,
    StoredEvent,
    Subscription,
    TrackingRecorder,
)
from eventsourcing.utils import Environment
from psycopg.abc import Buffer
from psycopg.adapt import Dumper

from kit.db.database import Database

CHANNEL = "events"


class NextSequence(int):
    """The sequence of an event that is being stored, for statements of the same transaction.

    In SQL it is `currval` of the sequence plus this number: 0 for the last of the events stored together, -1 for the
    one before it. That holds because `append_events` takes its numbers under the lock: no other transaction takes one
    in between.
    """


class _NextSequenceDumper(Dumper):
    def dump(self, obj: Any) -> Buffer:
        raise TypeError("the sequence of an event that is being stored is known only to statements of its transaction")

    def quote(self, obj: NextSequence) -> Buffer:
        return b"(currval('events_sequence_seq') + %d)" % int(obj)


psycopg.adapters.register_dumper(NextSequence, _NextSequenceDumper)


class _Rows(AggregateRecorder):
    """Events of one table, read and written in the call's transaction.

    The library's own PostgreSQL recorder opens a transaction of its own and repeats a failed save ten times;
    here the caller's transaction decides, and a dead or frozen server is an error at once.
    """

    def __init__(self, database: Database, table: str) -> None:
        self._database = database
        self._insert = (
            f"INSERT INTO {table} (originator_id, originator_version, topic, state) "  # noqa: S608 - own names
            "SELECT * FROM unnest(%s::uuid[], %s::bigint[], %s::text[], %s::bytea[])"
        ).encode()
        self._select = f"SELECT * FROM {table} WHERE originator_id = %s AND originator_version > %s "  # noqa: S608

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        if stored_events:
            with self._database.transaction() as cursor:
                cursor.execute(self._insert, _columns(stored_events))
        return None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        query, params = self._select, [originator_id, gt or 0]
        if lte is not None:
            query += "AND originator_version <= %s "
            params.append(lte)
        query += "ORDER BY originator_version " + ("DESC " if desc else "ASC ")
        if limit is not None:
            query += "LIMIT %s"
            params.append(limit)
        with self._database.transaction() as cursor:
            rows = cursor.execute(query.encode(), params).fetchall()
        return list(map(_stored, rows))


@lru_cache(64)
def _appending(events: int) -> LiteralString:
    """The call with a placeholder for each value: psycopg is far slower with lists, and doubles the length of bytes."""
    places: LiteralString = ", ".join(["%s"] * events)
    types: tuple[LiteralString, ...] = ("uuid", "bigint", "text", "bytea")
    arrays: LiteralString = ", ".join([f"ARRAY[{places}]::{kind}[]" for kind in types])
    return f"SELECT append_events({arrays})"


class Recorder(_Rows, ApplicationRecorder):
    """The event table. Insert order is commit order, so that a reader who follows `sequence` misses nothing."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, "events")

    def serialize(self) -> None:
        """Take the write lock now and hold it until commit: no other command stores events meanwhile."""
        with self._database.transaction() as cursor:
            cursor.execute("LOCK TABLE events IN EXCLUSIVE MODE")

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        if not stored_events:
            return []
        values = [value for column in _columns(stored_events) for value in column]
        with self._database.transaction() as cursor:
            cursor.later(lambda cursor: cursor.execute(_appending(len(stored_events)), values))
        return [NextSequence(place) for place in range(1 - len(stored_events), 1)]

    def select_whole(self, originator_id: UUID) -> Sequence[StoredEvent]:
        """What an aggregate is made of: its latest snapshot, if any, and the events since; in one round trip."""
        rows = self._database.all(
            "(SELECT originator_id, originator_version, topic, state FROM snapshots WHERE originator_id = %(id)s "
            "ORDER BY originator_version DESC LIMIT 1) UNION ALL "
            "(SELECT originator_id, originator_version, topic, state FROM events WHERE originator_id = %(id)s "
            "AND originator_version > coalesce("
            "(SELECT max(originator_version) FROM snapshots WHERE originator_id = %(id)s), 0)) "
            "ORDER BY originator_version",
            {"id": originator_id},
        )
        return list(map(_stored, rows))

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        first = (start or 0) + (0 if inclusive_of_start else 1)
        rows = self._database.all(
            "SELECT * FROM events WHERE sequence >= %s AND (%s::bigint IS NULL OR sequence <= %s) "
            "AND (cardinality(%s::text[]) = 0 OR topic = ANY(%s)) ORDER BY sequence LIMIT %s",
            (first, stop, stop, list(topics), list(topics), limit),
        )
        return [notification(row) for row in rows]

    def max_notification_id(self) -> int | None:
        row = self._database.one("SELECT max(sequence) AS last FROM events")
        return row["last"] if row else None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        raise TypeError("events are followed by the relay, not by subscriptions")


class Factory(InfrastructureFactory[TrackingRecorder]):
    def __init__(self, env: Environment, database: Database) -> None:
        super().__init__(env)
        self._database = database

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        return _Rows(self._database, purpose)

    def application_recorder(self) -> ApplicationRecorder:
        return Recorder(self._database)

    def tracking_recorder(self, tracking_recorder_class: Any = None) -> TrackingRecorder:
        raise TypeError("positions are kept by relay and inbox")

    def process_recorder(self) -> Any:
        raise TypeError("positions are kept by relay and inbox")


def _columns(stored: Sequence[StoredEvent]) -> tuple[list[Any], ...]:
    return (
        [s.originator_id for s in stored],
        [s.originator_version for s in stored],
        [s.topic for s in stored],
        [s.state for s in stored],
    )


def _stored(row: dict[str, Any]) -> StoredEvent:
    return StoredEvent(row["originator_id"], row["originator_version"], row["topic"], bytes(row["state"]))


def notification(row: dict[str, Any]) -> Notification:
    """A row of the event table."""
    return Notification(
        originator_id=row["originator_id"],
        originator_version=row["originator_version"],
        topic=row["topic"],
        state=bytes(row["state"]),
        id=row["sequence"],
    )
