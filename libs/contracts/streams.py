"""The table of streams and of who reads them; the bus's permissions are generated from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType


@dataclass(frozen=True)
class Stream:
    """A context's events on the bus, in file storage without an age limit; its owner alone declares it."""

    name: str
    owner: str
    duplicate_window: timedelta = timedelta(minutes=5)

    @property
    def subjects(self) -> tuple[str, ...]:
        """The one subject filter of the stream, such as `evt.identity.>`."""
        return (f"evt.{self.owner}.>",)


@dataclass(frozen=True)
class Consumer:
    """A service's place in another context's stream; one for each purpose, where it reads a stream for several."""

    service: str
    stream: Stream
    purpose: str | None = None

    @property
    def name(self) -> str:
        """The durable's name, `<service>-<context>` or `<service>-<context>-<purpose>`."""
        return "-".join(filter(None, (self.service, self.stream.owner, self.purpose)))


STREAMS: Mapping[str, Stream] = MappingProxyType(
    {
        context: Stream(context.upper(), context)
        for context in ("identity", "organizations", "platforms", "notifications")
    }
)
"""By context."""

READS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "identity": ("organizations",),
        "organizations": ("identity", "platforms"),
        "platforms": ("identity", "organizations"),
        "notifications": ("identity", "organizations"),
    }
)
"""Which contexts a service reads."""

FEEDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"organizations": ("identity", "platforms", "notifications")},
)
"""Which contexts' events a service keeps as they are, to give them to those who cannot reach the bus."""


def consumers_of(service: str) -> tuple[Consumer, ...]:
    """Every durable of a service, in the order of READS."""
    return tuple(Consumer(service, STREAMS[context]) for context in READS.get(service, ()))


def feeds_of(service: str) -> tuple[Consumer, ...]:
    """Every durable of a service that keeps events as they are: apart, so that it can be read again from the start
    without the effects that the other durables have."""
    return tuple(Consumer(service, STREAMS[context], "feed") for context in FEEDS.get(service, ()))
