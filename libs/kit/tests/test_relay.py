"""What the relay publishes after which events, with a store and a stream in memory."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import nats.errors
import nats.js.errors
import pytest
from nats.js.api import RawStreamMsg, StorageType
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from prometheus_client import REGISTRY
from psycopg import OperationalError

from kit.eventstore.store import Recorded, Store
from kit.messaging import relay as module
from kit.messaging.bus import Bus
from kit.messaging.relay import Outgoing, Relay, StreamStatus
from kit.telemetry import tracing
from kit.tests.memory_stream import MemoryStream, Switch

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
        task = asyncio.create_task(self.relay.run())
        try:
            yield
        finally:
            assert not task.done() or task.result()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def until(self, condition: Callable[[], bool]) -> None:
        """For three seconds at most."""
        async with asyncio.timeout(3):
            while not condition():
                await asyncio.sleep(0.002)

    async def rested(self) -> None:
        """Until the relay has compared the stream with its position, which it does not do again for two seconds."""
        before = self.stream.looks
        self.relay.wake()
        await self.until(lambda: self.stream.looks > before)

    async def status(self) -> StreamStatus:
        return await self.relay.status()


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    return make_scene(monkeypatch)


def make_scene(monkeypatch: pytest.MonkeyPatch, replicas: int = 1) -> Scene:
    monkeypatch.setattr(module, "Lease", Switch)
    rows, stream = Rows(), MemoryStream()
    definition = SimpleNamespace(
        name="NOTEBOOK", subjects=("evt.notebook.>",), duplicate_window=timedelta(minutes=5)
    )
    relay = Relay(cast(Store, rows), cast(Bus, stream), definition, translate, replicas)
    return Scene(rows, stream, relay, cast(Switch, relay._lease))


def play(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 10))


def gauge(name: str) -> float:
    return REGISTRY.get_sample_value(f"tradehall_relay_{name}", {"stream": "NOTEBOOK"}) or 0.0


def ids(*sequences: int, epoch: str = "e") -> list[str]:
    return [f"notebook-{epoch}-{each}" for each in sequences]


def test_a_missing_stream_is_declared_and_filled_from_the_first_event(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        scene.rows.write("one", "two")
        before = gauge("published_total")
        async with scene.running():
            await scene.until(lambda: scene.stream.ids == ids(1, 2))
            await scene.until(lambda: gauge("position") == 2)
        assert gauge("published_total") - before == 2

    scene = make_scene(monkeypatch, replicas=3)
    play(work())
    config, [one, two] = scene.stream.config, scene.stream.messages
    assert config is not None
    assert (config.name, config.subjects, config.duplicate_window) == ("NOTEBOOK", ["evt.notebook.>"], 300)
    assert (config.storage, config.num_replicas) == (StorageType.FILE, 3)
    assert (one.subject, one.data, two.data) == ("evt.notebook.x", b"one", b"two")
    assert scene.lease.log == ["start", "stop"]
    assert "stream NOTEBOOK is missing" in caplog.text


def test_new_events_follow_at_a_wake_up(scene: Scene) -> None:
    async def work() -> None:
        async with scene.running():
            for number in range(1, 4):
                scene.rows.write("more")
                woken = time.monotonic()
                scene.relay.wake()
                await scene.until(lambda: scene.stream.ids == ids(*range(1, number + 1)))  # noqa: B023
                assert time.monotonic() - woken < 1.5  # before the timer

    play(work())


def test_new_events_follow_without_a_wake_up(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        async with scene.running():
            await scene.until(lambda: scene.stream.config is not None)
            scene.rows.write("unheard")
            await scene.until(lambda: scene.stream.ids == ids(1))

    monkeypatch.setattr(module, "_TIMER", 0.02)
    play(work())


def test_a_backlog_is_published_batch_after_batch_without_a_rest(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        scene.rows.reads = lambda after: ages.update({after: gauge("age_seconds")})
        scene.rows.write(*"abcde", since=timedelta(seconds=30))
        scene.rows.write("f")
        began = time.monotonic()
        async with scene.running():
            await scene.until(lambda: gauge("position") == 6 and gauge("age_seconds") == 0)
            assert time.monotonic() - began < 1.5

    ages: dict[int, float] = {}
    monkeypatch.setattr(module, "_BATCH", 2)
    play(work())
    assert ages[2] == pytest.approx(30, abs=3)
    assert (scene.stream.ids, gauge("position")) == (ids(1, 2, 3, 4, 5, 6), 6)


def test_a_relay_without_new_events_rests(scene: Scene) -> None:
    async def work() -> None:
        async with scene.running():
            await scene.rested()
            before = len(reads)
            await asyncio.sleep(0.1)
            assert len(reads) - before <= 1

    reads: list[int] = []
    scene.rows.reads = reads.append
    play(work())


def test_private_events_are_passed_over(scene: Scene) -> None:
    async def work() -> None:
        scene.rows.write("one", "private", "three", "private")
        async with scene.running():
            await scene.until(lambda: gauge("position") == 4)
            scene.rows.write("five")
            scene.relay.wake()
            await scene.until(lambda: scene.stream.ids == ids(1, 3, 5))

    play(work())


def declared(scene: Scene, *message_ids: str, purged: int = 0) -> None:
    """The stream exists already: it has lost so many messages, and holds these."""
    asyncio.run(scene.stream.add_stream(scene.relay._stream))
    scene.stream.last = purged
    for each in message_ids:
        scene.stream.store(each)


@pytest.mark.parametrize(
    ("epochs", "found", "published"),
    [
        ([("e", 0)], ids(1, 2), ids(3, 4, 5)),
        ([("e", 0)], ids(5), []),
        ([("e", 0)], [], ids(1, 2, 3, 4, 5)),
        ([("e", 0), ("f", 3)], ids(5), ids(4, 5, epoch="f")),
        ([("e", 0), ("f", 3)], ids(2), [*ids(3), *ids(4, 5, epoch="f")]),
        ([("e", 0), ("f", 3)], ids(4, epoch="f"), ids(5, epoch="f")),
        ([("e", 0), ("f", 3), ("g", 4)], ids(5, epoch="f"), ids(5, epoch="g")),
        ([("e", 0), ("f", 3)], ids(1, epoch="lost"), ids(4, 5, epoch="f")),
        ([("e", 0), ("f", 3), ("g", 4)], ids(1, epoch="lost"), ids(5, epoch="g")),
    ],
)
def test_the_relay_goes_on_where_the_stream_ends(
    scene: Scene, epochs: list[tuple[str, int]], found: list[str], published: list[str]
) -> None:
    async def work() -> None:
        async with scene.running():
            await scene.until(lambda: gauge("position") == 5)

    scene.rows.known = epochs
    scene.rows.write(*"abcde")
    declared(scene, *found, purged=7)
    module.RELAY_POSITION.labels("NOTEBOOK").set(0)
    play(work())
    assert scene.stream.ids == found + published


@pytest.mark.parametrize("last", ["somebody's", "a-b-c"])
def test_behind_a_message_that_no_relay_gave_nothing_is_published(
    scene: Scene, last: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        async with scene.running():
            await scene.until(lambda: "which no relay gave" in caplog.text)

    scene.rows.write("one")
    declared(scene, last)
    play(work())
    assert scene.stream.ids == [last]


def test_an_answer_of_a_server_that_lags_behind_is_not_trusted(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def lagging(name: str, subject: str) -> RawStreamMsg:
        return scene.stream.messages[-1 if "pauses" in caplog.text else 0]

    async def work() -> None:
        async with scene.running():
            await scene.until(lambda: scene.stream.ids == ids(1, 2, 3))

    scene.rows.write(*"abc")
    declared(scene, *ids(1, 2))
    monkeypatch.setattr(scene.stream, "get_last_msg", lagging)
    play(work())
    assert "the stream ends at 2, but its last message is 1" in caplog.text


@pytest.mark.parametrize("refusal", [None, nats.js.errors.APIError(500, "no suitable peers", 10005)])
def test_a_stream_gets_its_copies_or_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch, refusal: nats.js.errors.APIError | None, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        async with three.running():
            await three.until(lambda: three.stream.ids == ids(1))

    one, three = make_scene(monkeypatch), make_scene(monkeypatch, replicas=3)
    asyncio.run(three.stream.add_stream(one.relay._stream))
    three.stream.refusal = refusal
    three.rows.write("one")
    play(work())
    assert three.stream.config is not None
    assert three.stream.config.num_replicas == (1 if refusal else 3)
    assert ("stays at 1 copies: no suitable peers" in caplog.text) is (refusal is not None)


def test_a_position_that_another_relay_moved_is_read_again(scene: Scene) -> None:
    async def work() -> None:
        scene.rows.write("one")
        async with scene.running():
            await scene.until(lambda: scene.stream.ids == ids(1))
            await scene.rested()
            scene.rows.write("two", "three")
            scene.stream.store("notebook-e-2")
            scene.relay.wake()
            await scene.until(lambda: scene.stream.ids == ids(1, 2, 3))

    play(work())


def test_a_message_that_the_stream_holds_already_is_not_counted(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        scene.rows.write("one")
        async with scene.running():
            await scene.until(lambda: scene.stream.ids == ids(1))
            await scene.rested()
            before = gauge("published_total")
            scene.stream.store("notebook-e-2")
            scene.rows.write("two")
            scene.relay.wake()
            await scene.until(lambda: gauge("position") == 2)
            assert gauge("published_total") == before

    play(work())
    assert "holds a message already" in caplog.text
    assert scene.stream.ids == ids(1, 2)


def test_a_stream_that_is_deleted_under_a_quiet_relay_is_refilled(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        scene.rows.write("one", "two")
        async with scene.running():
            await scene.until(lambda: len(scene.stream.ids) == 2)
            scene.stream.config = None
            await scene.until(lambda: scene.stream.config is not None and scene.stream.ids == ids(1, 2))
            scene.stream.messages.pop()
            scene.stream.last = 1
            await scene.until(lambda: scene.stream.ids == ids(1, 2))

    monkeypatch.setattr(module, "_TIMER", 0.02)
    play(work())


def test_wake_ups_do_not_make_the_relay_ask_the_server(scene: Scene) -> None:
    async def work() -> None:
        async with scene.running():
            scene.rows.write("first")
            scene.relay.wake()
            await scene.until(lambda: len(scene.stream.ids) == 1)
            for number in range(2, 7):
                scene.rows.write("more")
                scene.relay.wake()
                await scene.until(lambda: len(scene.stream.ids) == number)  # noqa: B023
        assert scene.stream.looks <= 3

    play(work())


@pytest.mark.parametrize("lack", ["lease", "bus"])
def test_without_lease_or_bus_nothing_is_published(scene: Scene, lack: str) -> None:
    async def work() -> None:
        scene.lease.held, scene.stream.connected = lack != "lease", lack != "bus"
        async with scene.running():
            await asyncio.sleep(0.15)
            assert (scene.stream.config, scene.stream.looks) == (None, 0)
            scene.lease.held = scene.stream.connected = True
            await scene.until(lambda: scene.stream.ids == ids(1))

    scene.rows.write("one")
    play(work())


def test_a_relay_that_loses_its_lease_in_a_batch_stops_and_goes_on_later(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    publish = scene.stream.publish_async

    async def losing(*args: Any, **more: Any) -> Any:
        scene.lease.held = scene.stream.last != 1
        return await publish(*args, **more)

    async def work() -> None:
        async with scene.running():
            await scene.until(lambda: "the lease was lost" in caplog.text)
            assert scene.stream.ids == ids(1, 2)
            scene.lease.held = True
            await scene.until(lambda: scene.stream.ids == ids(1, 2, 3, 4))

    monkeypatch.setattr(scene.stream, "publish_async", losing)
    scene.rows.write(*"abcd")
    play(work())


def test_what_is_never_acknowledged_is_published_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        scene.stream.mute = True
        async with scene.running():
            await scene.until(lambda: "relay NOTEBOOK pauses: TimeoutError" in caplog.text)
            scene.stream.mute = False
            await scene.until(lambda: scene.stream.ids == ids(1))

    monkeypatch.setattr(module, "_ACKNOWLEDGED_WITHIN", 0.05)
    scene.rows.write("one")
    play(work())


@pytest.mark.parametrize("failure", [nats.errors.Error("away"), OSError("away"), OperationalError("away")])
def test_after_a_failure_that_passes_the_relay_goes_on(
    scene: Scene, failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def read(_: int) -> None:
        if "pauses" not in caplog.text:
            raise failure

    async def work() -> None:
        async with scene.running():
            await scene.until(lambda: scene.stream.ids == ids(1))

    scene.rows.reads = read
    scene.rows.write("one")
    play(work())
    assert "relay NOTEBOOK pauses: away" in caplog.text.replace("nats: ", "")


def test_a_message_carries_its_trace_for_an_hour(scene: Scene) -> None:
    async def work() -> None:
        scene.rows.write("fresh", since=timedelta(minutes=59), traceparent=TRACE)
        scene.rows.write("old", since=timedelta(minutes=61), traceparent=TRACE)
        async with scene.running():
            await scene.until(lambda: len(scene.stream.messages) == 2)

    play(work())
    assert [(each.headers or {}).get("traceparent") for each in scene.stream.messages] == [TRACE, None]


def test_each_message_is_a_span_that_tells_whether_it_was_published(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        async with scene.running():
            await scene.until(lambda: len(scene.stream.ids) == 1)
            await scene.rested()
            scene.stream.store("notebook-e-2")
            scene.rows.write("two", traceparent=TRACE)
            scene.relay.wake()
            await scene.until(lambda: len(exporter.get_finished_spans()) == 2)

    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing, "_tracer", provider.get_tracer("test"))
    scene.rows.write("one", traceparent=TRACE)
    play(work())
    sent, again = exporter.get_finished_spans()
    assert (sent.name, sent.parent and f"{sent.parent.span_id:x}") == ("publish NOTEBOOK", "cd" * 8)
    assert (sent.attributes or {})["messaging.message.id"] == "notebook-e-1"
    assert (sent.status.status_code, again.status.status_code) == (StatusCode.UNSET, StatusCode.ERROR)
    [carried] = [(each.headers or {}).get("traceparent") for each in scene.stream.messages[:1]]
    assert carried == tracing.traceparent_of(cast(Any, SimpleNamespace(get_span_context=lambda: sent.context)))


def test_the_status_tells_what_waits_and_since_when(scene: Scene) -> None:
    async def work() -> None:
        assert await scene.status() == StreamStatus("NOTEBOOK", 2, 3, 2, 0, None)
        scene.rows.write("private", "four", "private", "six")
        waiting = await scene.status()
        assert waiting == StreamStatus("NOTEBOOK", 2, 3, 2, 2, scene.rows.events[3].time)

    scene.rows.write("one", "two")
    declared(scene, "notebook-e-1", purged=4)
    scene.stream.store("notebook-e-2", body=b"two")
    play(work())


def test_of_an_empty_stream_all_events_wait(scene: Scene) -> None:
    async def work() -> None:
        status = await scene.status()
        assert (status.messages, status.position, status.waiting) == (0, 0, 2)

    scene.rows.write("one", "two")
    declared(scene)
    play(work())


def test_private_events_are_read_once_for_the_status(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        for expected in (0, 0):
            assert (await scene.status()).waiting == expected
        assert reads == [1, 3, 5, 6, 6]
        scene.rows.write("seven", "private", "nine")
        assert (await scene.status()).waiting == 1  # those of one batch
        scene.stream.store("notebook-e-9")
        assert (await scene.status()).waiting == 0

    reads: list[int] = []
    monkeypatch.setattr(module, "_BATCH", 2)
    scene.rows.reads = reads.append
    scene.rows.write("one", *["private"] * 5)
    declared(scene, "notebook-e-1")
    play(work())
