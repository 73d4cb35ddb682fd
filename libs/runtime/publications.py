"""Which contract event each stored event becomes: a typed table that slices fill and the relay reads."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from uuid import UUID

from contracts.envelope import Envelope
from contracts.event import Event
from kit.eventstore.aggregate import Aggregate
from kit.eventstore.store import Recorded
from kit.messaging.relay import Outgoing

P = TypeVar("P", bound=Aggregate.Event)
C = TypeVar("C", bound=Event)


class Publications:
    """Events that are not in the table stay private.

    `organization` says to which organization a stored event belongs: by default its `organization_id`, if any.
    """

    def __init__(self, context: str, organization: Callable[[Any], UUID | None] | None = None) -> None:
        self.context = context
        self._organization = organization or (lambda event: getattr(event, "organization_id", None))
        self._translations: dict[type, Callable[[Any], Event]] = {}
        self._events: dict[type, tuple[type[Event], ...]] = {}

    def on(self, stored: type[P], event: type[C] | tuple[type[C], ...], translate: Callable[[P], C]) -> None:
        """Publish a stored event class as the contract event, or one of those, that `translate` gives."""
        self._translations[stored] = translate
        self._events[stored] = event if isinstance(event, tuple) else (event,)

    def include(self, other: "Publications") -> None:
        """Add the table of another slice of the same context."""
        self._translations.update(other._translations)
        self._events.update(other._events)

    @property
    def events(self) -> tuple[type[Event], ...]:
        """The contract events that are published."""
        return tuple(dict.fromkeys(event for events in self._events.values() for event in events))

    def __iter__(self) -> Iterator[type]:
        """The stored event classes that are published."""
        return iter(self._translations)

    def envelope(self, recorded: Recorded, epoch: str) -> Envelope[Event] | None:
        """A stored event as it is on the bus; None for one that is private."""
        event = recorded.event
        translate = self._translations.get(type(event))
        if translate is None:
            return None
        return Envelope.of(
            translate(event),
            context=self.context,
            epoch=epoch,
            sequence=recorded.sequence,
            version=recorded.version,
            aggregate_id=recorded.aggregate_id,
            time=recorded.time,
            organization=self._organization(event),
            actor=event.by,
            correlationid=event.correlation,
            causationid=event.causation,
            traceparent=event.traceparent,
        )

    def message(self, recorded: Recorded, epoch: str) -> Outgoing | None:
        """The message for the relay; None for an event that is private."""
        envelope = self.envelope(recorded, epoch)
        return None if envelope is None else Outgoing(envelope.bus_subject, envelope.id, envelope.to_json())
