"""A relay between a store and a stream in memory, for its tests."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from prometheus_client import REGISTRY

from kit.eventstore.store import Recorded, Store
from kit.messaging import relay as module
from kit.messaging.bus import Bus
from kit.messaging.relay import Outgoing, Relay
from kit.tests.memory_stream import MemoryStream, Switch
from testing.waiting import background, reached

TRACE = f"00-{'ab' * 16}-{'cd' * 8}-01"


@dataclass
class Rows:
    """A store of events, as far as a relay reads it; `reads` is called before each read."""

    events: list[Recorded] = field(default_factory=list)
    known: list[tuple[str, int]] = field(default_factory=lambda: [("e", 0)])
    database: None = None
    reads: Callable[[int], None] = lambda _: None

    def write(self, *titles: str, since: timedelta = timedelta(0), traceparent: str | None = None) -> None:
        """Events with the next sequences; those titled `private` stay private."""
        for title in titles:
            event = SimpleNamespace(title=title, timestamp=datetime.now(UTC) - since, traceparent=traceparent)
            self.events.append(Recorded(event, len(self.events) + 1))

    def read(self, after: int, limit: int) -> list[Recorded]:
        self.reads(after)
        return [each for each in self.events if each.sequence > after][:limit]

    def epochs(self) -> list[tuple[str, int]]:
        return self.known


def translate(one: Recorded, epoch: str) -> Outgoing | None:
    title = one.event.title
    hidden = title == "private"
    return None if hidden else Outgoing("evt.notebook.x", f"notebook-{epoch}-{one.sequence}", title.encode())


@dataclass
class Scene:
    """A relay between a store and a stream."""

    rows: Rows
    stream: MemoryStream
    relay: Relay
    lease: Switch

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with background(self.relay.run()):
            yield

    async def compared(self) -> None:
        """Until the relay has compared the stream with its position, which it does not do again for two seconds."""
        before = self.stream.looks
        self.relay.wake()
        await reached(lambda: self.stream.looks > before)


def make_scene(monkeypatch: pytest.MonkeyPatch, *replicas: int) -> Scene:
    monkeypatch.setattr(module, "Lease", Switch)
    rows, stream = Rows(), MemoryStream()
    definition = SimpleNamespace(name="NOTEBOOK", subjects=("evt.notebook.>",), duplicate_window=timedelta(minutes=5))
    relay = Relay(cast(Store, rows), cast(Bus, stream), definition, translate, *replicas)
    return Scene(rows, stream, relay, cast(Switch, relay._lease))


def play(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 10))


def gauge(name: str) -> float:
    return REGISTRY.get_sample_value(f"tradehall_relay_{name}", {"stream": "NOTEBOOK"}) or 0.0


def ids(*sequences: int, epoch: str = "e") -> list[str]:
    return [f"notebook-{epoch}-{each}" for each in sequences]


def declared(scene: Scene, *message_ids: str, purged: int = 0) -> None:
    """The stream exists already: it has lost so many messages, and holds these."""
    asyncio.run(scene.stream.add_stream(scene.relay._stream))
    scene.stream.last = purged
    for each in message_ids:
        scene.stream.store(each)
