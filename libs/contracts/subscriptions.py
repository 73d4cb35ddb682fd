"""Which handler takes which event: a typed table that a slice fills and an inbox reads."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from contracts.envelope import Envelope
from contracts.event import Event

E = TypeVar("E", bound=Event)
Handler = Callable[[Envelope[Any]], None]


class Subscriptions(Mapping[type[Event], Handler]):
    """Several handlers may take one event: they are called in the order in which they subscribed.

    An inbox calls the handlers of one message in one transaction.
    """

    def __init__(self) -> None:
        self._handlers: dict[type[Event], list[Handler]] = {}

    def on(self, event: type[E], handle: Callable[[Envelope[E]], None]) -> None:
        """Subscribe a handler to an event class."""
        self._handlers.setdefault(event, []).append(handle)

    def include(self, other: "Subscriptions") -> None:
        """Add the handlers of another table behind those that are here."""
        for event, handlers in other._handlers.items():
            self._handlers.setdefault(event, []).extend(handlers)

    def __getitem__(self, event: type[Event]) -> Handler:
        handlers = tuple(self._handlers[event])

        def handle(envelope: Envelope[Any]) -> None:
            for one in handlers:
                one(envelope)

        return handle

    def __iter__(self) -> Iterator[type[Event]]:
        return iter(self._handlers)

    def __len__(self) -> int:
        return len(self._handlers)
