"""How a consumer stays subscribed, with a bus in memory; and what it declares, on a real nats-server."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import nats
import nats.errors
import nats.js.errors
import pytest
from nats.js.api import AckPolicy, DeliverPolicy
from pydantic import SecretStr

from embedded.nats import Nats
from kit.context import acting
from kit.messaging.bus import Bus
from kit.messaging.consumer import ConsumerRunner, Lag
from kit.messaging.inbox import Inbox, Message
from testing.waiting import background, reached

GONE = nats.js.errors.NotFoundError(404, "consumer not found")


@dataclass
class Taken:
    """In the place of an inbox, with what it was given."""

    durable: str = "reader"
    messages: list[Message] = field(default_factory=list)

    def read(self, payload: bytes) -> Message:
        return Message(payload, cast(Any, None), traceparent="of the event")

    def take(self, message: Message) -> str:
        self.messages.append(message)
        return "done"


@dataclass
class Subscription:
    """In the place of FastStream's subscriber."""

    log: list[str]
    failures: list[Exception]

    async def start(self) -> None:
        self.log.append("start")
        if self.failures:
            raise self.failures.pop(0)

    async def stop(self) -> None:
        self.log.append("stop")
        if self.failures:
            raise self.failures.pop(0)


@dataclass
class Away:
    """In the place of a bus: the next looks at the consumer raise `failures`. `asked` counts `connected`."""

    on: bool = True
    asked: int = 0
    failures: list[Exception] = field(default_factory=list)
    looks: int = 0
    waits: list[float] = field(default_factory=list)

    @property
    def connected(self) -> bool:
        self.asked += 1
        return self.on

    @property
    def broker(self) -> Any:
        return SimpleNamespace(include_router=lambda _: None)

    @property
    def jetstream(self) -> "Away":
        return self

    async def quiet(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)

    async def consumer_info(self, stream: str, durable: str) -> Any:
        assert (stream, durable) == ("NOTEBOOK", "reader")
        if self.failures:
            raise self.failures.pop(0)
        self.looks += 1
        return SimpleNamespace(num_pending=3 if self.looks == 1 else None, num_ack_pending=None)


@dataclass
class Scene:
    bus: Away
    runner: ConsumerRunner
    log: list[str] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    """Raised by the next starts and stops of subscriptions."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with background(self.runner.run()):
            yield

    async def looked(self, times: int = 3) -> None:
        """Until the runner has found its consumer so often."""
        before = self.bus.looks
        await reached(lambda: self.bus.looks >= before + times)


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    bus = Away()
    made = Scene(bus, ConsumerRunner(cast(Bus, bus), "NOTEBOOK", "evt.notebook.>", cast(Inbox, Taken())))
    monkeypatch.setattr(made.runner, "declare", lambda: Subscription(made.log, made.failures))
    return made


def logged(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    """What the consumer logged at this level or above; other tests may have lowered the level of other loggers."""
    return [one.getMessage() for one in caplog.records if one.name == "kit.consumer" and one.levelno >= level]


def play(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 10))


def test_a_consumer_is_subscribed_once_and_until_it_is_cancelled(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        caplog.set_level(logging.INFO, "kit.consumer")
        async with scene.running():
            await scene.looked()
            assert scene.log == ["start"]
            scene.failures.append(OSError("the bus is away"))

    play(work())
    assert scene.log == ["start", "stop"]
    assert set(scene.bus.waits) == {5.0}
    assert logged(caplog, logging.INFO) == ["reader reads NOTEBOOK"]


def test_without_a_connection_a_consumer_waits_for_it(scene: Scene) -> None:
    async def work() -> None:
        scene.bus.on = False
        async with scene.running():
            with pytest.raises(TimeoutError):
                await reached(lambda: scene.bus.asked > 2 or scene.log, 0.15)
            scene.bus.on = True
            await scene.looked()

    play(work())
    assert scene.log == ["start", "stop"]


def test_a_consumer_that_is_gone_is_subscribed_again(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        async with scene.running():
            await scene.looked(1)
            scene.bus.failures = [GONE]
            await scene.looked()

    play(work())
    assert scene.log == ["start", "stop", "start", "stop"]
    assert "consumer reader is gone" in caplog.text


def test_a_stream_that_is_missing_is_waited_for(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        scene.failures.append(GONE)
        async with scene.running():
            await scene.looked()

    play(work())
    assert scene.log == ["start", "start", "stop"]
    assert logged(caplog, logging.WARNING) == []


@pytest.mark.parametrize("failure", [nats.errors.ConnectionClosedError(), OSError("away"), TimeoutError()])
def test_a_failure_that_passes_leaves_the_subscription(
    scene: Scene, failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        async with scene.running():
            await scene.looked(1)
            scene.bus.failures = [failure]
            await scene.looked()

    play(work())
    assert scene.log == ["start", "stop"]
    assert f"reader waits: {failure or 'TimeoutError'}" in caplog.text


@pytest.mark.parametrize("failure", [GONE, OSError("away")])
def test_a_consumer_pauses_between_attempts_that_fail(scene: Scene, failure: Exception) -> None:
    async def work() -> None:
        async with scene.running():
            with pytest.raises(TimeoutError):
                await reached(lambda: len(scene.log) > 1, 0.15)

    scene.failures.extend([failure] * 1000)
    play(work())


def test_the_lag_is_what_the_server_says(scene: Scene) -> None:
    async def work() -> None:
        assert await scene.runner.lag() == Lag("reader", "NOTEBOOK", 3, 0)
        assert await scene.runner.lag() == Lag("reader", "NOTEBOOK", 0, 0)

    play(work())


def test_a_message_goes_on_in_the_trace_of_its_delivery_or_else_of_its_event(scene: Scene) -> None:
    async def work() -> None:
        message = Message(b"", cast(Any, None), traceparent="of the event")
        assert await scene.runner._receive(message) == "done"
        with acting(traceparent="of the delivery"):
            await scene.runner._receive(message)

    play(work())
    taken = cast(Taken, scene.runner.inbox).messages
    assert [each.traceparent for each in taken] == ["of the event", "of the delivery"]


class Counting(ConsumerRunner):
    """Counts how often it subscribed."""

    tries = 0

    def declare(self) -> Any:
        self.tries += 1
        return super().declare()


def test_what_a_consumer_declares_is_delivered_in_order_one_at_a_time(nats_server: Nats) -> None:
    async def work() -> None:
        bus, inbox = Bus(nats_server.url, "reader", SecretStr("p")), Taken()
        runner = Counting(bus, "NOTEBOOK", "evt.notebook.>", cast(Inbox, inbox))
        tasks = [asyncio.create_task(one.run()) for one in (bus, runner)]
        await reached(lambda: runner.tries == 2, 8)  # it waits for the stream, which its owner declares
        client = await nats.connect(nats_server.url)
        stream = client.jetstream()
        with pytest.raises(nats.js.errors.NotFoundError):
            await stream.stream_info("NOTEBOOK")
        acks: list[bytes] = []

        async def acknowledged(message: Any) -> None:
            acks.append(message.data)

        await client.subscribe("$JS.ACK.NOTEBOOK.>", cb=acknowledged)
        await client.flush()
        await stream.add_stream(name="NOTEBOOK", subjects=["evt.notebook.>"])
        for body in (b"1", b"2", b"3"):
            await stream.publish("evt.notebook.x", body)
        await reached(lambda: len(acks) == 3, 8)
        config = (await stream.consumer_info("NOTEBOOK", "reader")).config
        await cancelled(*tasks)
        await client.close()
        assert [message.payload for message in inbox.messages] == [b"1", b"2", b"3"]
        assert acks == [b"+ACK"] * 3 or acks == [b""] * 3
        assert (config.ack_policy, config.deliver_policy) == (AckPolicy.EXPLICIT, DeliverPolicy.ALL)
        assert (config.max_ack_pending, config.ack_wait, config.max_waiting) == (1, 4.0, 64)
        assert config.filter_subject == "evt.notebook.>"

    play(work())


async def cancelled(*tasks: "asyncio.Task[None]") -> None:
    for task in reversed(tasks):
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
