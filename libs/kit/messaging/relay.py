"""The relay publishes the outbox to the service's own stream, in order and without gaps. The event table is the outbox.

**Position.** The relay continues after the stream's last message: its `Nats-Msg-Id` is
`<context>-<epoch>-<sequence>`, and the sequence is that of the event table. It is stored nowhere else, because two
places could disagree: a position of our own would be behind the stream after a crash between publishing and storing,
and ahead of it after a loss of the stream. A missing or empty stream has no last message: it is filled from the
first event.

**Expected sequence.** Each message carries `Nats-Expected-Last-Sequence`: the server takes it only if the stream ends
there. So a relay that was frozen, lost its lease and resumed cannot publish after its successor has begun: the server
refuses its next message. The relay then forgets its position and reads it again. The lease avoids useless work; the
expected sequence makes it correct. `Nats-Msg-Id` makes the server drop a repetition within the duplicate window, which
catches a batch whose acknowledgement was lost. Messages of a batch are sent without waiting for each other; each
expects the one before it, so after a failure in the middle the rest of the batch is refused as well.

**Epochs.** A database that was restored from a backup lacks events that the stream may hold. Each restore begins a new
epoch after the last sequence in the backup; the source and the id of a message name the epoch, so that no reader takes
a new event for one that it has seen. When the stream's last message is of an older epoch, the relay continues where
the new one begins.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

import nats.errors
import nats.js.errors
from nats.js import JetStreamContext
from nats.js.api import RawStreamMsg, StorageType, StreamConfig
from opentelemetry.trace import Span, SpanKind
from psycopg import OperationalError

from kit.db.lease import Lease
from kit.db.wakeup import WakeUp
from kit.eventstore.recorder import CHANNEL
from kit.eventstore.store import Recorded, Store
from kit.messaging.bus import Bus
from kit.telemetry import tracing
from kit.telemetry.metrics import RELAY_AGE, RELAY_POSITION, RELAY_PUBLISHED

_BATCH = 500
_TRACED_FOR = timedelta(hours=1)
_TOGETHER = 0.01  # seconds in which commits are published in one round
_TIMER = 2.0  # seconds; a notification is only a hint
_ACKNOWLEDGED_WITHIN = 3.0  # seconds; what a stream's leader had in hand when it died is never acknowledged


@dataclass(frozen=True)
class Outgoing:
    """A message for the bus. `message_id` is `<context>-<epoch>-<sequence>`."""

    subject: str
    message_id: str
    body: bytes
    traceparent: str | None = None


Translate = Callable[[Recorded, str], Outgoing | None]
"""From (a stored event, its epoch) to a message, or None for what stays private."""


@dataclass(frozen=True)
class Position:
    """How far the stream is filled: its own last sequence, and the epoch and store sequence of its last message."""

    stream_sequence: int
    epoch: str | None
    sequence: int


@dataclass(frozen=True)
class StreamStatus:
    """The stream compared with the store. `position` is the store's sequence of the stream's last message; `waiting`
    events (those of one batch at most) are stored since `since` and not published yet."""

    stream: str
    messages: int
    bytes: int
    position: int
    waiting: int
    since: datetime | None


class Stream(Protocol):
    """A stream as a table of streams defines it."""

    @property
    def name(self) -> str: ...
    @property
    def subjects(self) -> tuple[str, ...]: ...
    @property
    def duplicate_window(self) -> timedelta: ...


class Relay:
    """Publishes a store's events while it holds the lease. `replicas` is the number of servers that keep the stream."""

    def __init__(self, store: Store, bus: Bus, stream: Stream, translate: Translate, replicas: int = 1) -> None:
        self._store = store
        self._bus = bus
        self._name = self.name = stream.name
        self._stream = StreamConfig(
            name=stream.name,
            subjects=list(stream.subjects),
            duplicate_window=stream.duplicate_window.total_seconds(),
            storage=StorageType.FILE,
            num_replicas=replicas,
        )
        self._translate = translate
        self._epochs: Sequence[tuple[str, int]] = ()
        self._private = 0, 0  # events after the first and up to the second sequence are private
        self._wake_up = WakeUp()
        self._look_at = 0.0
        self._lease = Lease(store.database, f"relay-{self._name}", channel=CHANNEL, on_wake=self.wake)
        self._log = logging.getLogger("kit.relay")

    def wake(self) -> None:
        """Look for new events now; may be called from any thread."""
        self._wake_up.set()

    async def run(self) -> None:
        """Relay until cancelled."""
        self._wake_up.bind()
        self._lease.start()
        position: Position | None = None
        try:
            while True:
                position = await self._round(position)
        finally:
            await asyncio.to_thread(self._lease.stop)

    async def status(self) -> StreamStatus:
        """Read from the bus and the store, so that any replica can answer. Raises nats.errors.Error."""
        info = await self._jetstream.stream_info(self._name)
        self._epochs = self._epochs or await asyncio.to_thread(self._store.epochs)
        after = self._resume_at(*_id_of(await self._last_message())) if info.state.messages else 0
        waiting, since = await asyncio.to_thread(self._waiting, after)
        return StreamStatus(self._name, info.state.messages, info.state.bytes, after, waiting, since)

    async def _round(self, position: Position | None) -> Position | None:
        try:
            if not (self._lease.held and self._bus.connected):
                await asyncio.sleep(0.1)
                return None
            position, full = await self._publish_after(position or await self._find_position())
            if full:
                return position
            await self._rest()
            return await self._checked(position)
        except (nats.errors.Error, OSError, OperationalError) as error:  # OSError: a TimeoutError too
            self._log.warning("relay %s pauses: %s", self._name, str(error) or type(error).__name__)
            await asyncio.sleep(0.2)
            return None

    async def _rest(self) -> None:
        """Wait for a wake-up or the timer; at least 10 ms, because under load each commit would be a round of its own,
        which costs commands more than it gains."""
        await asyncio.sleep(_TOGETHER)
        await self._wake_up.wait(_TIMER)
        self._wake_up.clear()

    async def _checked(self, position: Position) -> Position | None:
        """The position; None where the stream does not end there (it was deleted, or written by another relay).

        Asks the server every two seconds at most, though commits wake the relay more often.
        """
        if time.monotonic() < self._look_at:
            return position
        self._look_at = time.monotonic() + _TIMER
        info = await self._jetstream.stream_info(self._name)
        return position if info.state.last_seq == position.stream_sequence else None

    @property
    def _jetstream(self) -> JetStreamContext:
        return self._bus.jetstream

    async def _find_position(self) -> Position:
        try:
            info = await self._jetstream.stream_info(self._name)
        except nats.js.errors.NotFoundError:
            self._log.warning("stream %s is missing: declaring it, and refilling it from the store", self._name)
            info = await self._jetstream.add_stream(self._stream)
        if info.config.num_replicas != self._stream.num_replicas:
            await self._resize(info.config)
        # A new epoch begins only while the service is down, so reading them with each new position is enough.
        self._epochs = await asyncio.to_thread(self._store.epochs)
        if info.state.messages == 0:
            return Position(info.state.last_seq, None, 0)
        last = await self._last_message()
        if last.seq != info.state.last_seq:
            # A server that was frozen may answer before it knows that it is not the leader any more.
            raise nats.errors.Error(f"the stream ends at {info.state.last_seq}, but its last message is {last.seq}")
        epoch, sequence = _id_of(last)
        return Position(info.state.last_seq, epoch, self._resume_at(epoch, sequence))

    async def _resize(self, found: StreamConfig) -> None:
        """Publishing goes on where the servers cannot take another copy now."""
        try:
            await self._jetstream.update_stream(found.evolve(num_replicas=self._stream.num_replicas))
            self._log.info("stream %s is kept %s times", self._name, self._stream.num_replicas)
        except nats.js.errors.APIError as error:
            self._log.warning("stream %s stays at %s copies: %s", self._name, found.num_replicas, error.description)

    async def _last_message(self) -> RawStreamMsg:
        return await self._jetstream.get_last_msg(self._name, (self._stream.subjects or [">"])[0])

    def _resume_at(self, epoch: str, sequence: int) -> int:
        """The store sequence to go on after, when the stream ends with this one.

        A newer epoch may begin at a lower sequence than the old one had reached: what the backup lacked is lost there.
        For an epoch that the store does not know, the present epoch is published from its beginning.
        """
        begins = dict(self._epochs)
        if epoch not in begins:
            return self._epochs[-1][1]
        return min([sequence, *(after for after in begins.values() if after > begins[epoch])])

    async def _publish_after(self, position: Position) -> tuple[Position, bool]:
        messages, reached, full, oldest = await asyncio.to_thread(self._next, position.sequence)
        sent = await self._publish(messages, position.stream_sequence)
        RELAY_POSITION.labels(self._name).set(reached)
        RELAY_AGE.labels(self._name).set(time.time() - oldest if full and oldest else 0.0)
        return Position(position.stream_sequence + sent, position.epoch, reached), full

    def _next(self, after: int) -> tuple[list[Outgoing], int, bool, float | None]:
        events = self._store.read(after, _BATCH)
        if not events:
            return [], after, False, None
        outgoing = [self._traced(one) for one in events]
        oldest = events[0].time.timestamp()
        return [m for m in outgoing if m], events[-1].sequence, len(events) == _BATCH, oldest

    def _traced(self, one: Recorded) -> Outgoing | None:
        """The message, with its trace context while that is fresh: a refilled stream must not revive old traces."""
        message = self._translate(one, epoch_of(one.sequence, self._epochs))
        if message is None or datetime.now(UTC) - one.time > _TRACED_FOR:
            return message
        return replace(message, traceparent=one.event.traceparent)

    def _waiting(self, after: int) -> tuple[int, datetime | None]:
        """(How many events wait after a sequence, since when). Private events do not count; each is read once."""
        start, reached = self._private
        if start <= after <= reached:
            after = reached
        else:
            start = after
        while events := self._store.read(after, _BATCH):
            public = [one for one in events if self._translate(one, epoch_of(one.sequence, self._epochs))]
            if public:
                return len(public), public[0].time
            after = events[-1].sequence
            self._private = start, after
        return 0, None

    async def _publish(self, messages: Sequence[Outgoing], last: int) -> int:
        """Publish without waiting between messages; answers how many were stored.

        Raises where the stream does not end at `last`.
        """
        spans = [self._span(message) for message in messages]
        try:
            return await self._published(messages, spans, last)
        except BaseException as error:
            for span in spans:
                tracing.failed(span, error)
            raise
        finally:
            for span in spans:
                span.end()

    def _span(self, message: Outgoing) -> Span:
        about = {
            "messaging.system": "nats",
            "messaging.operation.type": "send",
            "messaging.destination.name": self._name,
            "messaging.message.id": message.message_id,
        }
        return tracing.started(message.traceparent, f"publish {self._name}", SpanKind.PRODUCER, about)

    async def _published(self, messages: Sequence[Outgoing], spans: Sequence[Span], last: int) -> int:
        pending = []
        for number, (message, span) in enumerate(zip(messages, spans, strict=True)):
            if not self._lease.held:
                raise nats.errors.Error("the lease was lost")
            headers = {
                "Nats-Msg-Id": message.message_id,
                "Nats-Expected-Last-Sequence": str(last + number),
            }
            if traceparent := tracing.traceparent_of(span) or message.traceparent:
                headers["traceparent"] = traceparent
            pending.append(
                await self._jetstream.publish_async(
                    message.subject, message.body, stream=self._name, headers=headers, wait_stall=5
                )
            )
        if pending:
            async with asyncio.timeout(_ACKNOWLEDGED_WITHIN):
                acks = await asyncio.gather(*pending)
            if any(ack.duplicate for ack in acks):
                raise nats.errors.Error("the stream holds a message already: reading its position again")
            RELAY_PUBLISHED.labels(self._name).inc(len(pending))
        return len(pending)


def _id_of(message: RawStreamMsg) -> tuple[str, int]:
    message_id = (message.headers or {}).get("Nats-Msg-Id", "")
    try:
        _, epoch, sequence = message_id.rsplit("-", 2)
        return epoch, int(sequence)
    except ValueError as error:
        raise nats.errors.Error(f"the stream's last message has the id {message_id!r}, which no relay gave") from error


def epoch_of(sequence: int, epochs: Sequence[tuple[str, int]]) -> str:
    """The epoch in which an event was stored."""
    return next(epoch for epoch, after in reversed(epochs) if sequence > after)
