"""The base of every aggregate and event: fixed topics, actor and cause on each event, names of personal fields."""

from dataclasses import field
from typing import ClassVar
from uuid import UUID

from eventsourcing.domain import AggregateCreated, AggregateEvent, BaseAggregate
from eventsourcing.domain import Snapshot as _Snapshot

from kit.context import cause


def _actor() -> str | None:
    return cause().actor


def _correlation() -> str | None:
    return cause().correlation


def _causation() -> str | None:
    return cause().causation


def _traceparent() -> str | None:
    return cause().traceparent


class Aggregate(BaseAggregate[UUID]):
    """Base aggregate. Subclasses set `TOPIC`, and on each of their event classes `TOPIC` too.

    `personal` names attributes that hold personal data. In stored events and snapshots these are encrypted
    under the key of one subject, named by `personal_key` (an attribute that holds its id), and read as None
    once that key is destroyed: a personal attribute is always `str | None`.
    """

    personal: ClassVar[frozenset[str]] = frozenset()
    personal_key: ClassVar[str] = "id"
    Snapshot = _Snapshot

    class Event(AggregateEvent):
        """A change, with its actor, the request's id, and the message that caused it."""

        personal: ClassVar[frozenset[str]] = frozenset()
        personal_key: ClassVar[str] = "originator_id"

        by: str | None = field(default_factory=_actor, init=False)
        correlation: str | None = field(default_factory=_correlation, init=False)
        causation: str | None = field(default_factory=_causation, init=False)
        traceparent: str | None = field(default_factory=_traceparent, init=False)


class Created(Aggregate.Event, AggregateCreated):
    """The first event of an aggregate: `class Registered(Created)` inside the aggregate."""
