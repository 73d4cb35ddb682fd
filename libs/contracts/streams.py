"""The table of streams and their readers. The permissions of NATS users are generated from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType


@dataclass(frozen=True)
class Stream:
    """A context's events on the bus, in file storage without an age limit; only its owner declares it."""

    name: str
    owner: str
    duplicate_window: timedelta = timedelta(minutes=5)

    @property
    def subjects(self) -> tuple[str, ...]:
        """The one subject filter of the stream, such as `evt.identity.>`."""
        return (f"evt.{self.owner}.>",)


@dataclass(frozen=True)
class Consumer:
    """A service's durable consumer of another context's stream; one for each purpose."""

    service: str
    stream: Stream
    purpose: str | None = None

    @property
    def name(self) -> str:
        """The name on the bus, `<service>-<context>` or `<service>-<context>-<purpose>`."""
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
"""Contexts that a service reads."""

FEEDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"organizations": ("identity", "platforms", "notifications")},
)
"""Contexts whose events a service stores unchanged, for clients that cannot reach the bus."""


def consumers_of(service: str) -> tuple[Consumer, ...]:
    """All consumers of a service, in the order of READS."""
    return tuple(Consumer(service, STREAMS[context]) for context in READS.get(service, ()))


def feeds_of(service: str) -> tuple[Consumer, ...]:
    """All consumers of a service for FEEDS.

    They are separate, so that they can start again from the first event without repeating the effects of the others.
    """
    return tuple(Consumer(service, STREAMS[context], "feed") for context in FEEDS.get(service, ()))
