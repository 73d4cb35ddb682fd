"""Durable consumers by FastStream: one message at a time, in order, created again when the bus lost them."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

import nats.errors
import nats.js.errors
from faststream import AckPolicy, NoCast
from faststream.nats import JStream, NatsMessage, NatsRouter, PullSub
from nats.js.api import AckPolicy as JsAckPolicy
from nats.js.api import ConsumerConfig, DeliverPolicy

from kit.context import cause
from kit.messaging.bus import Bus
from kit.messaging.inbox import Inbox, Message
from kit.messaging.middlewares import DeliveryMiddleware

_ACK_WAIT = 4.0  # seconds; while a handler runs longer, in-progress acks hold the message
_LOOK = 5.0


class Stream(Protocol):
    """A stream as a table of streams defines it."""

    @property
    def name(self) -> str: ...
    @property
    def subjects(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Lag:
    """How many messages a consumer has yet to read (`pending`), and how many are in flight (`in_hand`)."""

    durable: str
    stream: str
    pending: int
    in_hand: int


class ConsumerRunner:
    """Feeds one Inbox from one durable consumer. Any number of replicas may run it: the server delivers one message
    at a time, and the inbox drops repeated ones."""

    def __init__(self, bus: Bus, stream: str, subject: str, inbox: Inbox) -> None:
        self._bus = bus
        self._stream = stream
        self._subject = subject
        self.inbox = inbox
        self._router = NatsRouter(middlewares=[partial(DeliveryMiddleware, stream=stream, durable=inbox.durable)])
        bus.broker.include_router(self._router)
        self._log = logging.getLogger("kit.consumer")

    async def run(self) -> None:
        """Consume until cancelled. Checks that the consumer is there with each new connection, and every 5 s:
        FastStream does not notice when it is deleted."""
        subscriber: Any = None
        try:
            while True:
                try:
                    if not self._bus.connected:
                        await asyncio.sleep(0.1)
                        continue
                    if subscriber is None:
                        subscriber = await self._subscribe()
                        self._log.info("%s reads %s", self.inbox.durable, self._stream)
                    await self._bus.quiet(_LOOK)
                    await self._bus.jetstream.consumer_info(self._stream, self.inbox.durable)
                except nats.js.errors.NotFoundError:
                    if subscriber is not None:
                        self._log.warning("consumer %s is gone: creating it again", self.inbox.durable)
                        await subscriber.stop()
                        subscriber = None
                    await asyncio.sleep(0.3)
                except (nats.errors.Error, OSError) as error:  # OSError: a TimeoutError too
                    self._log.warning("%s waits: %s", self.inbox.durable, error or type(error).__name__)
                    await asyncio.sleep(0.3)
        finally:
            if subscriber is not None:
                with suppress(Exception):
                    await subscriber.stop()

    async def lag(self) -> Lag:
        """As the bus knows it now. Raises nats.errors.Error."""
        info = await self._bus.jetstream.consumer_info(self._stream, self.inbox.durable)
        return Lag(self.inbox.durable, self._stream, info.num_pending or 0, info.num_ack_pending or 0)

    async def _subscribe(self) -> Any:
        subscriber = self.declare()
        await subscriber.start()
        return subscriber

    def declare(self) -> Any:
        """The FastStream subscriber, not started."""
        subscriber = self._router.subscriber(
            self._subject,
            stream=JStream(self._stream, declare=False),
            durable=self.inbox.durable,
            pull_sub=PullSub(batch_size=1, timeout=5.0),
            config=ConsumerConfig(
                ack_policy=JsAckPolicy.EXPLICIT,
                ack_wait=_ACK_WAIT,
                max_ack_pending=1,
                deliver_policy=DeliverPolicy.ALL,
                max_waiting=64,
            ),
            ack_policy=AckPolicy.NACK_ON_ERROR,
            inbox_prefix=f"_INBOX_{self._bus.user}.".encode(),
            decoder=self._read,
            no_reply=True,
            persistent=False,
        )
        subscriber(self._receive)
        return subscriber

    async def _read(self, message: NatsMessage) -> Message:
        return self.inbox.read(message.body)

    async def _receive(self, message: NoCast[Message]) -> str:
        """In a thread, to which the transaction belongs."""
        traced = replace(message, traceparent=cause().traceparent or message.traceparent)
        return await asyncio.to_thread(self.inbox.take, traced)
