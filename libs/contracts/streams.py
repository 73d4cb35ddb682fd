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
    replicas: int = 1

    @property
    def subjects(self) -> tuple[str, ...]:
        """The one subject filter of the stream, such as `evt.identity.>`."""
        return (f"evt.{self.owner}.>",)


@dataclass(frozen=True)
class Durable:
    """A service's place in another context's stream."""

    service: str
    stream: Stream

    @property
    def name(self) -> str:
        """The durable's name, `<service>-<context>`."""
        return f"{self.service}-{self.stream.owner}"


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


def durables_of(service: str) -> tuple[Durable, ...]:
    """Every durable of a service, in the order of READS."""
    return tuple(Durable(service, STREAMS[context]) for context in READS.get(service, ()))
