"""Comparison of a service's stream with its event store."""

from collections.abc import Callable
from typing import Any

from kit.messaging.bus import BusUnavailable
from kit.messaging.stream_verification import Verdict, compared, entries, expected, fetched, last_place
from runtime.definition import Service


class StreamComparison:
    """The service's bus is connected."""

    def __init__(self, service: Service[Any]) -> None:
        self.name = service.stream.name
        self._service = service

    def verdict(self, progress: Callable[[int, int], None] = lambda place, last: None) -> Verdict:
        """`progress` is called with the sequence reached, and the last one. Raises BusUnavailable."""
        bus = self._service.bus
        if not bus.connected:
            raise BusUnavailable("The bus is unreachable.")
        jetstream = bus.jetstream
        last = bus.wait(last_place(jetstream, self.name))
        stream = entries(
            last,
            lambda place: bus.wait(fetched(jetstream, self.name, place, last)),
            lambda place: progress(place, last),
        )
        return compared(expected(self._service.store, self._service.publications.message), stream)
