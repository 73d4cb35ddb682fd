"""What the relay publishes after which events, with a store and a stream in memory."""

import asyncio
import logging
import time
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import nats.errors
import nats.js.errors
import pytest
from nats.js.api import StorageType
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from psycopg import OperationalError

from kit.messaging import relay as module
from kit.telemetry import tracing
from kit.tests.relaying import TRACE, Scene, gauge, ids, make_scene, play
from testing.waiting import reached


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    return make_scene(monkeypatch)


def test_a_missing_stream_is_declared_and_filled_from_the_first_event(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        three.rows.write("one", "two")
        before = gauge("published_total")
        async with three.running():
            await reached(lambda: three.stream.ids == ids(1, 2) and gauge("position") == 2)
        assert gauge("published_total") - before == 2

    three = make_scene(monkeypatch, 3)
    play(work())
    config, [one, two] = three.stream.config, three.stream.messages
    assert config is not None
    assert (config.name, config.subjects, config.duplicate_window) == ("NOTEBOOK", ["evt.notebook.>"], 300)
    assert (config.storage, config.num_replicas) == (StorageType.FILE, 3)
    assert (one.subject, one.data, two.data) == ("evt.notebook.x", b"one", b"two")
    assert three.lease.log == ["start", "stop"]
    assert "stream NOTEBOOK is missing" in caplog.text


def test_new_events_follow_at_a_wake_up(scene: Scene) -> None:
    async def work() -> None:
        async with scene.running():
            for number in range(1, 4):
                scene.rows.write("more")
                woken = time.monotonic()
                scene.relay.wake()
                await reached(lambda: scene.stream.ids == ids(*range(1, number + 1)))  # noqa: B023
                assert time.monotonic() - woken < 1.5  # before the timer

    play(work())


def test_new_events_follow_without_a_wake_up(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        async with scene.running():
            await reached(lambda: scene.stream.config is not None)
            scene.rows.write("unheard")
            await reached(lambda: scene.stream.ids == ids(1))

    monkeypatch.setattr(module, "_TIMER", 0.02)
    play(work())


def test_a_backlog_is_published_batch_after_batch_without_a_rest(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        scene.rows.reads = lambda after: ages.update({after: gauge("age_seconds")})
        for number, title in enumerate("abcde"):
            scene.rows.write(title, since=timedelta(seconds=60 - 10 * number))
        began = time.monotonic()
        async with scene.running():
            await reached(lambda: gauge("position") == 5)
            assert gauge("age_seconds") == 0
            assert time.monotonic() - began < 1.5

    ages: dict[int, float] = {}
    monkeypatch.setattr(module, "_BATCH", 2)
    play(work())
    assert [*ages] == [0, 2, 4]
    assert [ages[2], ages[4]] == pytest.approx([60, 40], abs=3)
    assert scene.stream.ids == ids(1, 2, 3, 4, 5)


def test_a_relay_without_new_events_rests(scene: Scene) -> None:
    async def work() -> None:
        async with scene.running():
            await reached(lambda: scene.stream.config is not None)
            scene.rows.write("one")
            scene.relay.wake()
            await reached(lambda: scene.stream.ids == ids(1))
            before = len(reads)
            with pytest.raises(TimeoutError):
                await reached(lambda: len(reads) > before + 1, 0.1)

    reads: list[int] = []
    scene.rows.reads = reads.append
    play(work())


def test_private_events_are_passed_over(scene: Scene) -> None:
    async def work() -> None:
        scene.rows.write("one", "private", "three", "private")
        async with scene.running():
            await reached(lambda: gauge("position") == 4)
            scene.rows.write("five")
            scene.relay.wake()
            await reached(lambda: scene.stream.ids == ids(1, 3, 5))

    play(work())


@pytest.mark.parametrize("refusal", [None, nats.js.errors.APIError(500, "no suitable peers", 10005)])
def test_a_stream_gets_its_copies_or_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch, refusal: nats.js.errors.APIError | None, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        caplog.set_level(logging.INFO)
        async with three.running():
            await reached(lambda: three.stream.ids == ids(1))

    one, three = make_scene(monkeypatch), make_scene(monkeypatch, 3)
    asyncio.run(three.stream.add_stream(one.relay._stream))
    three.stream.refusal = refusal
    three.rows.write("one")
    play(work())
    assert three.stream.config is not None
    assert three.stream.config.num_replicas == (1 if refusal else 3)
    assert ("is kept 3 times" in caplog.text) is (refusal is None)
    assert ("stays at 1 copies: no suitable peers" in caplog.text) is (refusal is not None)


@pytest.mark.parametrize("lack", ["lease", "bus"])
def test_without_lease_or_bus_nothing_is_published(scene: Scene, lack: str) -> None:
    async def work() -> None:
        scene.lease.on, scene.stream.connected = lack != "lease", lack != "bus"
        async with scene.running():
            with pytest.raises(TimeoutError):
                await reached(lambda: scene.stream.looks > 0 or scene.lease.asked > 2, 0.15)
            scene.lease.on = scene.stream.connected = True
            await reached(lambda: scene.stream.ids == ids(1))

    scene.rows.write("one")
    play(work())


def test_a_relay_that_loses_its_lease_in_a_batch_stops_and_goes_on_later(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    publish = scene.stream.publish_async

    async def losing(*args: Any, **more: Any) -> Any:
        scene.lease.on = scene.stream.last != 1
        return await publish(*args, **more)

    async def work() -> None:
        async with scene.running():
            await reached(lambda: "the lease was lost" in caplog.text)
            assert scene.stream.ids == ids(1, 2)
            scene.lease.on = True
            await reached(lambda: scene.stream.ids == ids(1, 2, 3, 4))

    monkeypatch.setattr(scene.stream, "publish_async", losing)
    scene.rows.write(*"abcd")
    play(work())


def test_what_is_never_acknowledged_is_published_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        scene.stream.mute = True
        async with scene.running():
            await reached(lambda: "relay NOTEBOOK pauses: TimeoutError" in caplog.text)
            scene.stream.mute = False
            await reached(lambda: scene.stream.ids == ids(1))

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
            await reached(lambda: scene.stream.ids == ids(1))

    scene.rows.reads = read
    scene.rows.write("one")
    play(work())
    assert "relay NOTEBOOK pauses: away" in caplog.text.replace("nats: ", "")


def test_a_relay_pauses_between_attempts_that_fail(scene: Scene) -> None:
    def read(_: int) -> None:
        reads.append("read")
        raise OperationalError

    async def work() -> None:
        async with scene.running():
            with pytest.raises(TimeoutError):
                await reached(lambda: len(reads) > 1, 0.15)

    reads: list[str] = []
    scene.rows.reads = read
    play(work())


def test_a_message_carries_its_trace_for_an_hour(scene: Scene) -> None:
    async def work() -> None:
        scene.rows.write("fresh", since=timedelta(minutes=59), traceparent=TRACE)
        scene.rows.write("old", since=timedelta(minutes=61), traceparent=TRACE)
        async with scene.running():
            await reached(lambda: len(scene.stream.messages) == 2)

    play(work())
    assert [(each.headers or {}).get("traceparent") for each in scene.stream.messages] == [TRACE, None]


def test_each_message_is_a_span_that_tells_whether_it_was_published(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        async with scene.running():
            await reached(lambda: len(scene.stream.ids) == 1)
            await scene.compared()
            scene.stream.store("notebook-e-2")
            scene.rows.write("two", traceparent=TRACE)
            scene.relay.wake()
            await reached(lambda: len(exporter.get_finished_spans()) == 2)

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
