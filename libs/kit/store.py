"""The event store: `eventsourcing` on a recorder that joins the call's transaction, and views that change in it."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, ClassVar, LiteralString, TypeVar
from uuid import UUID

import psycopg
from eventsourcing.application import Application, ProcessingEvent, project_aggregate
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    JSONTranscoder,
    Mapper,
    Notification,
    Recording,
    StoredEvent,
    Subscription,
    TrackingRecorder,
)
from eventsourcing.utils import Environment, EnvType
from psycopg.abc import Buffer
from psycopg.adapt import Dumper

from kit import tracing
from kit.context import cause
from kit.database import Database, constraint_of
from kit.domain import Aggregate
from kit.errors import Conflict, NotFound, Refusal
from kit.mapper import PersonalMapper
from kit.metrics import COMMANDS
from kit.service_keys import SubjectKeys
from kit.views import Views

SCHEMA = """
CREATE TABLE events (
    originator_id uuid NOT NULL, originator_version bigint NOT NULL,
    topic text NOT NULL, state bytea NOT NULL, sequence bigserial NOT NULL,
    CONSTRAINT events_pkey PRIMARY KEY (originator_id, originator_version));
CREATE UNIQUE INDEX events_sequence ON events (sequence);
CREATE TABLE snapshots (
    originator_id uuid NOT NULL, originator_version bigint NOT NULL,
    topic text NOT NULL, state bytea NOT NULL,
    CONSTRAINT snapshots_pkey PRIMARY KEY (originator_id, originator_version));
CREATE TABLE epochs (
    epoch text PRIMARY KEY, after_sequence bigint NOT NULL, begun_at timestamptz NOT NULL DEFAULT now());
"""
CHANNEL = "events"
APPEND = """
CREATE FUNCTION append_events(ids uuid[], versions bigint[], topics text[], states bytea[]) RETURNS SETOF bigint
LANGUAGE plpgsql AS $$
BEGIN
    -- Sequence numbers are taken only under this lock, so that insert order is commit order. Readers pass.
    LOCK TABLE events IN EXCLUSIVE MODE;
    NOTIFY events;
    RETURN QUERY INSERT INTO events (originator_id, originator_version, topic, state)
        SELECT * FROM unnest(ids, versions, topics, states) RETURNING sequence;
END $$;
"""
"""Lock, notify and insert as one statement."""

_OF_ANOTHER_WRITER = frozenset({"events_pkey", "subject_keys_pkey"})
"""What decides against whoever stores the same version, or makes the same aggregate, second."""

T = TypeVar("T")
A = TypeVar("A", bound=Aggregate)


class VersionConflict(Conflict):
    """Another command changed the aggregate between load and save."""


class ComingSequence(int):
    """Stands in read models' statements for the sequence of an event that is being stored; as a number, its place
    before the last event that was stored with it (0, -1, ...)."""


class _ComingSequenceDumper(Dumper):
    def dump(self, obj: Any) -> Buffer:
        raise TypeError("the sequence of an event that is being stored is known to a statement of its transaction only")

    def quote(self, obj: ComingSequence) -> Buffer:
        return b"(currval('events_sequence_seq') + %d)" % int(obj)


psycopg.adapters.register_dumper(ComingSequence, _ComingSequenceDumper)


@contextmanager
def _one_of_two() -> Iterator[None]:
    """Raises VersionConflict where the table of events decides against who came second."""
    try:
        yield
    except psycopg.errors.UniqueViolation as error:
        if constraint_of(error) in _OF_ANOTHER_WRITER:
            raise VersionConflict from error
        raise


@dataclass(frozen=True)
class Recorded:
    """A stored event with its place: `sequence` rises over the whole store, with gaps; a ComingSequence while the
    event is being stored."""

    event: Any
    sequence: int

    @property
    def aggregate_id(self) -> UUID:
        return self.event.originator_id  # type: ignore[no-any-return]

    @property
    def version(self) -> int:
        return self.event.originator_version  # type: ignore[no-any-return]

    @property
    def time(self) -> datetime:
        return self.event.timestamp  # type: ignore[no-any-return]


class _Rows(AggregateRecorder):
    """Events of one table, read and written in the call's transaction.

    The library's own PostgreSQL recorder opens a transaction of its own and repeats a failed save ten times;
    here the caller's transaction decides, and a dead or frozen server is told at once.
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
    """One value for each place: psycopg takes far longer over lists, and sends bytes in them at twice their length."""
    places: LiteralString = ", ".join(["%s"] * events)
    types: tuple[LiteralString, ...] = ("uuid", "bigint", "text", "bytea")
    arrays: LiteralString = ", ".join([f"ARRAY[{places}]::{kind}[]" for kind in types])
    return f"SELECT append_events({arrays})"


class Recorder(_Rows, ApplicationRecorder):
    """The event table with one order for all: insert order is commit order, so that a reader who follows
    `sequence` misses nothing."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, "events")

    def serialize(self) -> None:
        """Wait for, and hold until commit, the right to write: no other command commits meanwhile."""
        with self._database.transaction() as cursor:
            cursor.execute("LOCK TABLE events IN EXCLUSIVE MODE")

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        if not stored_events:
            return []
        values = [value for column in _columns(stored_events) for value in column]
        with self._database.transaction() as cursor:
            cursor.later(lambda cursor: cursor.execute(_appending(len(stored_events)), values))
        return [ComingSequence(place) for place in range(1 - len(stored_events), 1)]

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
        return [_notification(row) for row in rows]

    def max_notification_id(self) -> int | None:
        row = self._database.one("SELECT max(sequence) AS last FROM events")
        return row["last"] if row else None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        raise TypeError("events are followed by the relay, not by subscriptions")


class _Factory(InfrastructureFactory[TrackingRecorder]):
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


class Store(Application[UUID]):
    """Base of each service's application: commands in one transaction, aggregates, views, and reading the log.

    `refusals` maps the name of a unique index to the refusal that its violation means.
    """

    name = "store"
    refusals: ClassVar[dict[str, type[Refusal]]] = {}

    def __init__(self, database: Database, subjects: SubjectKeys, views: Views) -> None:
        self.database = database
        self.subjects = subjects
        self.views = views
        super().__init__(env={"PERSISTENCE_MODULE": "kit.store"})

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        snapshots = {"IS_SNAPSHOTTING_ENABLED": "y"} if self.snapshotting_intervals else {}
        return Environment(name, {**snapshots, **(env or {})})

    def construct_factory(self, env: Environment) -> InfrastructureFactory[TrackingRecorder]:
        return _Factory(env, self.database)

    def construct_mapper(self) -> Mapper[UUID]:
        transcoder = JSONTranscoder()
        self.register_transcodings(transcoder)
        mapper = PersonalMapper(transcoder)
        mapper.keys = self.subjects
        return mapper

    def run(self, work: Callable[[], T]) -> T:
        """Do work in one transaction (or join the one at hand): all of it is stored, or nothing.

        A command that loses a race is repeated once while holding the write lock, where it cannot lose again.
        Raises the refusal named in `refusals` when a unique index decides against it.
        """
        with tracing.span(f"command {_name_of(work)}"):
            return work() if self.database.in_transaction else self._timed(work)

    def _timed(self, work: Callable[[], T]) -> T:
        began, outcome = time.perf_counter(), "failed"
        try:
            done, stored = self._decided(work)
            outcome = "stored" if stored else "nothing"
            return done
        except Refusal:
            outcome = "refused"
            raise
        finally:
            COMMANDS.labels(outcome).observe(time.perf_counter() - began)

    def _decided(self, work: Callable[[], T]) -> tuple[T, int]:
        """With how many events were stored."""
        try:
            try:
                with _one_of_two(), self.database.transaction() as cursor:
                    return work(), cursor.stored
            except VersionConflict:
                with _one_of_two(), self.database.transaction() as cursor:
                    self.recorder.serialize()  # type: ignore[attr-defined]
                    return work(), cursor.stored
        except psycopg.errors.UniqueViolation as error:
            refusal = self.refusals.get(constraint_of(error) or "")
            if refusal is None:
                raise
            raise refusal from error

    def find(self, kind: type[A], aggregate_id: UUID, missing: type[Refusal] = NotFound) -> A:
        """The aggregate as it stands; raises `missing` when there is none, or one of another kind."""
        assert isinstance(self.recorder, Recorder)
        stored = self.recorder.select_whole(aggregate_id)
        found: Any = project_aggregate(None, map(self.mapper.to_domain_event, stored))
        if not isinstance(found, kind):
            raise missing
        return found

    def _record(self, processing_event: ProcessingEvent[UUID]) -> list[Recording[UUID]]:
        named = {"tradehall.events": [type(event).__name__ for event in processing_event.events]}
        with _one_of_two(), self.database.transaction() as cursor:
            with tracing.span("store events", attributes=named):
                recordings = super()._record(processing_event)
            cursor.stored += len(recordings)
            cursor.traceparent = cause().traceparent
            for recording in recordings:
                recorded = Recorded(recording.domain_event, recording.notification.id)
                cursor.later(partial(self.views.apply, recorded=recorded))
        return recordings

    def read(self, after: int, limit: int) -> list[Recorded]:
        """Stored events after a sequence, in order."""
        stored = self.recorder.select_notifications(after, limit, inclusive_of_start=False)
        return self._decoded(stored)

    def at(self, sequences: Sequence[int]) -> list[Recorded]:
        """The stored events with these sequences, in order."""
        rows = self.database.all("SELECT * FROM events WHERE sequence = ANY(%s) ORDER BY sequence", (list(sequences),))
        return self._decoded([_notification(row) for row in rows])

    def epochs(self) -> list[tuple[str, int]]:
        """(epoch, the sequence after which it begins), oldest first; the first one is made here."""
        with self.database.transaction() as cursor:
            cursor.execute(
                "INSERT INTO epochs (epoch, after_sequence) SELECT left(gen_random_uuid()::text, 8), 0 "
                "WHERE NOT EXISTS (SELECT FROM epochs) ON CONFLICT DO NOTHING"
            )
            rows = cursor.execute(
                "SELECT epoch, after_sequence FROM epochs ORDER BY after_sequence, begun_at"
            ).fetchall()
        return [(row["epoch"], row["after_sequence"]) for row in rows]

    def batches(self, connection: psycopg.Connection[Any], after: int, size: int) -> Iterator[list[Recorded]]:
        """All events after a sequence, in order, read on a connection of the caller's."""
        while True:
            rows = connection.execute(
                "SELECT * FROM events WHERE sequence > %s ORDER BY sequence LIMIT %s", (after, size)
            ).fetchall()
            if not rows:
                return
            after = rows[-1]["sequence"]
            yield self._decoded([_notification(row) for row in rows])

    def _decoded(self, stored: Sequence[Notification]) -> list[Recorded]:
        assert isinstance(self.mapper, PersonalMapper)
        self.mapper.prefetch(stored)
        return [Recorded(self.mapper.to_domain_event(one), one.id) for one in stored]


def _name_of(work: Callable[[], Any]) -> str:
    """The use case, such as `Organizations.rename`, of which `work` is an inner function."""
    return work.__qualname__.partition(".<locals>")[0]


def _columns(stored: Sequence[StoredEvent]) -> tuple[list[Any], ...]:
    return (
        [s.originator_id for s in stored],
        [s.originator_version for s in stored],
        [s.topic for s in stored],
        [s.state for s in stored],
    )


def _stored(row: dict[str, Any]) -> StoredEvent:
    return StoredEvent(row["originator_id"], row["originator_version"], row["topic"], bytes(row["state"]))


def _notification(row: dict[str, Any]) -> Notification:
    return Notification(
        originator_id=row["originator_id"],
        originator_version=row["originator_version"],
        topic=row["topic"],
        state=bytes(row["state"]),
        id=row["sequence"],
    )
