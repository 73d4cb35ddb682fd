"""The event store: `eventsourcing` on a recorder that joins the call's transaction, and views that change in it."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import psycopg
from eventsourcing.application import Application, ProcessingEvent, project_aggregate
from eventsourcing.persistence import (
    InfrastructureFactory,
    JSONTranscoder,
    Mapper,
    Notification,
    Recording,
    TrackingRecorder,
)
from eventsourcing.utils import Environment, EnvType

from kit.context import cause
from kit.db.database import Database, constraint_of
from kit.errors import Conflict, NotFound, Refusal
from kit.eventstore.aggregate import Aggregate
from kit.eventstore.mapper import PersonalMapper
from kit.eventstore.projection import Projection
from kit.eventstore.recorder import Factory, Recorder, notification
from kit.security.service_keys import SubjectKeys
from kit.telemetry import tracing
from kit.telemetry.metrics import COMMANDS

_OF_ANOTHER_WRITER = frozenset({"events_pkey", "subject_keys_pkey"})
"""Constraints that refuse the second of two writers of the same version, or of the same new aggregate."""

T = TypeVar("T")
A = TypeVar("A", bound=Aggregate)


class VersionConflict(Conflict):
    """Another command changed the aggregate between load and save."""


@contextmanager
def _one_of_two() -> Iterator[None]:
    """Raise VersionConflict where another writer stored the same version first."""
    try:
        yield
    except psycopg.errors.UniqueViolation as error:
        if constraint_of(error) in _OF_ANOTHER_WRITER:
            raise VersionConflict from error
        raise


@dataclass(frozen=True)
class Recorded:
    """A stored event with its place: `sequence` rises over the whole store, with gaps; a NextSequence while the
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


class Store(Application[UUID]):
    """Base of each service's application: commands in one transaction, aggregates, views, and reading the log.

    `refusals` maps the name of a unique index to the refusal that its violation means.
    """

    name = "store"
    refusals: ClassVar[dict[str, type[Refusal]]] = {}

    def __init__(self, database: Database, subjects: SubjectKeys, views: Projection) -> None:
        self.database = database
        self.subjects = subjects
        self.views = views
        super().__init__(env={"PERSISTENCE_MODULE": "kit.eventstore.recorder"})

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        snapshots = {"IS_SNAPSHOTTING_ENABLED": "y"} if self.snapshotting_intervals else {}
        return Environment(name, {**snapshots, **(env or {})})

    def construct_factory(self, env: Environment) -> InfrastructureFactory[TrackingRecorder]:
        return Factory(env, self.database)

    def construct_mapper(self) -> Mapper[UUID]:
        transcoder = JSONTranscoder()
        self.register_transcodings(transcoder)
        mapper = PersonalMapper(transcoder)
        mapper.keys = self.subjects
        return mapper

    def run(self, work: Callable[[], T]) -> T:
        """Do work in one transaction, or in the present one: all of it is stored, or nothing.

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
        """The result of the work, and the number of stored events."""
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
        """The present aggregate; raises `missing` when there is none, or one of another kind."""
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
        return self._decoded([notification(row) for row in rows])

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
            yield self._decoded([notification(row) for row in rows])

    def _decoded(self, stored: Sequence[Notification]) -> list[Recorded]:
        assert isinstance(self.mapper, PersonalMapper)
        self.mapper.prefetch(stored)
        return [Recorded(self.mapper.to_domain_event(one), one.id) for one in stored]


def _name_of(work: Callable[[], Any]) -> str:
    """The use case, such as `Organizations.rename`, of which `work` is an inner function."""
    return work.__qualname__.partition(".<locals>")[0]
