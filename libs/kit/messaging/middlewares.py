"""FastStream middlewares around every handler: delivery of events, answers to requests."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import nats.errors
from faststream import BaseMiddleware, ContextRepo
from faststream.exceptions import NackMessage, RejectMessage
from faststream.message import StreamMessage
from faststream.nats import NatsPublishCommand
from nats.aio.msg import Msg
from opentelemetry.trace import SpanKind

from kit.messaging.inbox import TRANSIENT
from kit.telemetry import tracing

_PROGRESS = 1.5  # seconds
_BACKOFF = 0.5
_log = logging.getLogger("kit.consumer")

Next = Callable[[StreamMessage[Any]], Awaitable[Any]]


class DeliveryMiddleware(BaseMiddleware[NatsPublishCommand, Msg | None]):
    """Sends in-progress acks while the handler runs, and nacks with a delay after a transient failure. Each delivery is
    a span of its trace. The handler returns the outcome.

    Works for a batch as for one message. Any other failure becomes a dead letter in the inbox.
    """

    def __init__(self, msg: Msg | None, /, *, context: ContextRepo, stream: str, durable: str) -> None:
        super().__init__(msg, context=context)
        self._stream = stream
        self._durable = durable

    async def consume_scope(self, call_next: Next, msg: StreamMessage[Any]) -> Any:
        """Raises NackMessage after a transient failure."""
        about = {"messaging.system": "nats", "messaging.operation.type": "process"} | {
            "messaging.destination.name": self._stream,
            "messaging.message.id": msg.headers.get("Nats-Msg-Id", ""),
        }
        name, parent = f"process {self._durable}", msg.headers.get("traceparent")
        try:
            with tracing.following(parent, name, SpanKind.CONSUMER, about) as span:
                async with _held(msg):
                    outcome = await call_next(msg)
                span.set_attribute("tradehall.outcome", outcome)
        except TRANSIENT as error:
            _log.warning("%s comes again: %s", self._durable, type(error).__name__)
            raise NackMessage(delay=_BACKOFF) from error
        return outcome


class AnswerMiddleware(BaseMiddleware[NatsPublishCommand, Msg | None]):
    """Rejects a request whose reply subject is not an inbox. Each other request is a span of its trace."""

    async def consume_scope(self, call_next: Next, msg: StreamMessage[Any]) -> Any:
        """Raises RejectMessage."""
        # The caller names the reply subject. Without this check it could be a stream's or another user's.
        if not msg.raw_message.reply.startswith("_INBOX_"):
            raise RejectMessage
        name = f"answer {msg.raw_message.subject}"
        with tracing.following(msg.headers.get("traceparent"), name, SpanKind.SERVER):
            return await call_next(msg)


@asynccontextmanager
async def _held(message: Any) -> AsyncIterator[None]:
    async def hold() -> None:
        while True:
            await asyncio.sleep(_PROGRESS)
            with suppress(nats.errors.Error):
                await message.in_progress()

    holding = asyncio.create_task(hold())
    try:
        yield
    finally:
        holding.cancel()
