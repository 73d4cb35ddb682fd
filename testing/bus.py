"""The bus as another service sees it: a connection in a thread of its own, for tests that are not asynchronous."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import UUID

from nats.js.api import StreamConfig
from nats.js.errors import NotFoundError
from pydantic import SecretStr

from contracts import rpc
from contracts.envelope import Envelope
from contracts.event import Event
from kit.messaging.bus import Bus
from testing.events import enveloped
from testing.waiting import wait_until

T = TypeVar("T")
_SECONDS = 30


class PeerBus:
    """Connected as `user` between `start` and `stop`, which creates the streams of the services named.

    Requests that it answers are declared before `start`.
    """

    def __init__(self, nats_url: str, user: str, password: str = "none", *, streams: Sequence[str] = ()) -> None:
        self._streams = streams
        self._bus = Bus(nats_url, user, SecretStr(password))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._sequence = 0

    def answer(self, request: rpc.Rpc[Any, Any], answer: Callable[[Any], rpc.Reply[Any]]) -> None:
        """Answer a request by a function, which runs in a thread."""
        self._bus.answers(request.subject, request.request, answer)

    def start(self) -> None:
        self._thread.start()
        self._running = asyncio.run_coroutine_threadsafe(self._bus.run(), self._loop)
        wait_until(lambda: self.connected, what="the connection to the bus")
        for service in self._streams:
            self.add_stream(service)

    def stop(self) -> None:
        self._running.cancel()
        wait_until(lambda: self._running.done() and not self.connected, what="the end of the connection")
        self.call(_end_others())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def connected(self) -> bool:
        return self._bus.connected

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of asynchronous work on the connection's event loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_SECONDS)

    def ask(self, request: rpc.Rpc[Any, Any], asked: Any) -> Any:
        """The reply of the service that owns the request."""
        return self.call(self._bus.ask(request.subject, asked, request.reply))

    def add_stream(self, service: str) -> None:
        self.call(self._bus.jetstream.add_stream(StreamConfig(name=service.upper(), subjects=[f"evt.{service}.>"])))

    def publish(
        self,
        event: Event,
        about: UUID,
        organization: UUID | None = None,
        actor: str | None = None,
        *,
        sequence: int | None = None,
    ) -> int:
        """Publish an event of another service; returns its sequence, by default the next one of this connection."""
        self._sequence = sequence or self._sequence + 1
        envelope = enveloped(
            event,
            about,
            sequence=self._sequence,
            organization=organization,
            actor=actor,
            correlation="request-of-identity",
        )
        self.call(self._bus.jetstream.publish(envelope.bus_subject, envelope.to_json()))
        return self._sequence

    def messages(self, stream: str, subject: str, count: int) -> list[bytes]:
        """The first messages of a subject, as they are, once there are so many."""
        wait_until(lambda: self.stored(stream, subject) >= count, what=f"{count} messages of {subject}")

        async def take() -> list[bytes]:
            subscription = await self._bus.jetstream.subscribe(subject, stream=stream)
            messages = [await subscription.next_msg(timeout=5) for _ in range(count)]
            await subscription.unsubscribe()
            return [message.data for message in messages]

        return self.call(take())

    def read(self, stream: str, subject: str, count: int) -> list[Envelope[Event]]:
        """`messages`, parsed."""
        return [Envelope.parse(message) for message in self.messages(stream, subject, count)]

    def stored(self, stream: str, subject: str) -> int:
        """How many messages of a subject a stream holds; none while there is no such stream."""
        try:
            info = self.call(self._bus.jetstream.stream_info(stream, subjects_filter=subject))
        except NotFoundError:
            return 0
        return sum((info.state.subjects or {}).values())

    def delete_consumer(self, stream: str, durable: str) -> None:
        """As a lost store would; its reader makes it again from the first message."""
        self.call(self._bus.jetstream.delete_consumer(stream, durable))


async def _end_others() -> None:
    """End the tasks that the bus's client leaves behind."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
