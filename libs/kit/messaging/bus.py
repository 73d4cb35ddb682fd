"""The connection to NATS, with the service's own user and inbox; it reconnects without limit."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar, cast

import nats.errors
from faststream import AckPolicy
from faststream.nats import NatsBroker, NatsMessage, NatsRouter
from faststream.security import SASLPlaintext
from nats.js import JetStreamContext
from opentelemetry.trace import SpanKind
from pydantic import BaseModel, SecretStr

from kit.context import cause
from kit.errors import Unavailable
from kit.messaging.middlewares import AnswerMiddleware
from kit.telemetry import tracing

_ASK_SECONDS = 1.5
_ASK_AGAIN = 0.4  # seconds
_STREAMS_ANSWER_WITHIN = 3.0  # seconds; what was asked on a connection that was lost is never answered
Q = TypeVar("Q", bound=BaseModel)
R = TypeVar("R", bound=BaseModel)
T = TypeVar("T")


class BusUnavailable(Unavailable):
    """The question could not be asked, or was not answered in time."""

    code = "bus-unavailable"


class Bus:
    """One service's connection. Starting never fails: it connects when it can, and again whenever it is cut."""

    def __init__(self, url: str, user: str, password: SecretStr) -> None:
        self.user = user
        self._cut_since: float | None = time.monotonic()
        self._connected_anew = asyncio.Event()
        self._log = logging.getLogger("kit.bus")
        self._loop: asyncio.AbstractEventLoop | None = None
        self.broker = NatsBroker(
            url.split(","),
            security=SASLPlaintext(username=user, password=password.get_secret_value()),
            name=user,
            inbox_prefix=f"_INBOX_{user}",
            ack_policy=AckPolicy.NACK_ON_ERROR,
            logger=None,
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.25,  # type: ignore[arg-type]  # seconds; nats-py takes fractions
            connect_timeout=2,
            ping_interval=1,  # a frozen server is left after three seconds
            max_outstanding_pings=2,
            js_options={"timeout": _STREAMS_ANSWER_WITHIN},
            disconnected_cb=self._disconnected,
            reconnected_cb=self._reconnected,
            error_cb=self._error,
        )
        self._requests = NatsRouter(middlewares=[AnswerMiddleware])
        self.broker.include_router(self._requests)

    @property
    def connected(self) -> bool:
        return self._cut_since is None

    @property
    def cut_off_seconds(self) -> float:
        """How long the bus has been unreachable; 0.0 while connected."""
        return 0.0 if self._cut_since is None else time.monotonic() - self._cut_since

    async def quiet(self, seconds: float) -> None:
        """Sleep, at most until the next reconnection."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._connected_anew.wait()

    @property
    def jetstream(self) -> JetStreamContext:
        if not self.connected:
            raise nats.errors.ConnectionClosedError
        return cast("JetStreamContext", self.broker.config.connection_state.stream)

    async def run(self) -> None:
        """Connect and serve until cancelled."""
        self._loop = asyncio.get_running_loop()
        connecting = asyncio.create_task(self.broker.start())
        try:
            await asyncio.shield(connecting)
            await self._reconnected()
            await asyncio.Event().wait()
        finally:
            self._cut_since = self._cut_since or time.monotonic()
            # The client swallows a cancellation that meets a failing attempt, and would never end.
            while not connecting.done():
                connecting.cancel()
                await asyncio.wait([connecting], timeout=0.05)
            with suppress(Exception, asyncio.TimeoutError):
                await asyncio.wait_for(self.broker.stop(), 2)

    def answers(self, subject: str, question: type[Q], answer: Callable[[Q], BaseModel]) -> None:
        """Serve a request subject; replicas share it. `answer` runs in a thread. Declare before run()."""

        @self._requests.subscriber(subject, queue=self.user)
        async def reply(asked: question) -> Any:  # type: ignore[valid-type]  # FastStream reads it at run time
            # Not in FastStream's threads, which are those of the HTTP routes: routes that wait for an answer of
            # another service would keep this one from answering it.
            return await asyncio.to_thread(answer, asked)

    async def ask(self, subject: str, question: BaseModel, answer: type[R]) -> R:
        """The owner's answer. Raises BusUnavailable when there is none within 1.5 s.

        The request is repeated every 0.4 s until then, because the bus picks one replica of the owner at random, and
        that one may be frozen or gone. So requests must be idempotent."""
        if not self.connected:
            raise BusUnavailable
        asked: set[asyncio.Task[NatsMessage]] = set()
        try:
            with tracing.span(f"ask {subject}", SpanKind.CLIENT):
                async with asyncio.timeout(_ASK_SECONDS):
                    while True:
                        asked.add(asyncio.create_task(self._request(subject, question)))
                        done, _ = await asyncio.wait(asked, timeout=_ASK_AGAIN, return_when=asyncio.FIRST_COMPLETED)
                        if done:
                            return answer.model_validate_json(done.pop().result().body)
        except (nats.errors.Error, TimeoutError) as error:
            raise BusUnavailable(f"no answer on {subject}") from error
        finally:
            for one in asked:
                one.cancel()

    async def _request(self, subject: str, question: BaseModel) -> NatsMessage:
        traceparent = cause().traceparent
        headers = {"traceparent": traceparent} if traceparent else None
        return await self.broker.request(question, subject, headers=headers, timeout=_ASK_SECONDS)

    def ask_from_thread(self, subject: str, question: BaseModel, answer: type[R]) -> R:
        """`ask` for code that runs in a thread."""
        return self.wait(self.ask(subject, question, answer))

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """What a coroutine on the bus's event loop returns, for code that runs in a thread. Raises BusUnavailable."""
        if self._loop is None:
            work.close()
            raise BusUnavailable
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _disconnected(self) -> None:
        self._cut_since = self._cut_since or time.monotonic()
        self._log.warning("the bus is out of reach")

    async def _reconnected(self) -> None:
        self._cut_since = None
        self._connected_anew.set()
        self._connected_anew = asyncio.Event()
        self._log.info("connected to the bus")

    async def _error(self, error: Exception) -> None:
        self._log.warning("bus: %s", error or type(error).__name__)
