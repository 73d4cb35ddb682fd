"""Aggregates without a database, for the tests of rules."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from kit.eventstore.aggregate import Aggregate

A = TypeVar("A", bound=Aggregate)
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Memory:
    """Keeps the events of aggregates, and makes each aggregate anew from its events."""

    def __init__(self) -> None:
        self._events: dict[UUID, list[Any]] = {}

    def save(self, aggregate: Aggregate) -> None:
        self._events.setdefault(aggregate.id, []).extend(aggregate.collect_events())

    def find(self, kind: type[A], id: UUID) -> A:
        """Raises KeyError for an aggregate that was never saved."""
        found: Any = None
        for each in deepcopy(self._events[id]):
            found = each.mutate(found)
        assert isinstance(found, kind)
        return found

    def again(self, aggregate: A) -> A:
        """The aggregate as it is after being stored and loaded."""
        self.save(aggregate)
        return self.find(type(aggregate), aggregate.id)
