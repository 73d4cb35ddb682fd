"""A stream of JetStream in memory, as the relay uses it, for tests that must fail fast and need no server."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

import nats.errors
import nats.js.errors
from nats.js.api import PubAck, RawStreamMsg, StreamConfig, StreamInfo, StreamState


@dataclass
class MemoryStream:
    """In the place of a `Bus` and of its JetStream: what the server does with a stream, and what it was asked.

    `connected` is the bus's. `refusal` is what the server says to another number of copies. While `mute` is true,
    the server acknowledges nothing.
    """

    connected: bool = True
    config: StreamConfig | None = None
    messages: list[RawStreamMsg] = field(default_factory=list)
    last: int = 0
    looks: int = 0
    refusal: nats.js.errors.APIError | None = None
    mute: bool = False

    @property
    def jetstream(self) -> "MemoryStream":
        return self

    @property
    def ids(self) -> list[str]:
        """Of the messages, in order."""
        return [(each.headers or {})["Nats-Msg-Id"] for each in self.messages]

    def store(self, message_id: str, subject: str = "evt.notebook.x", body: bytes = b"", **headers: str) -> None:
        """As another publisher would."""
        self.last += 1
        self.messages.append(
            RawStreamMsg(subject=subject, seq=self.last, data=body, headers={"Nats-Msg-Id": message_id} | headers)
        )

    async def add_stream(self, config: StreamConfig) -> StreamInfo:
        self.config, self.last = config, 0
        self.messages.clear()
        return await self.stream_info(config.name or "")

    async def update_stream(self, config: StreamConfig) -> None:
        if self.refusal:
            raise self.refusal
        self.config = config

    async def stream_info(self, name: str) -> StreamInfo:
        self.looks += 1
        config = self._existing(name)
        size = sum(len(each.data or b"") for each in self.messages)
        return StreamInfo(replace(config), StreamState(len(self.messages), size, 1, self.last, 0))

    async def get_last_msg(self, name: str, subject: str) -> RawStreamMsg:
        self._existing(name)
        assert subject == "evt.notebook.>"
        return self.messages[-1]

    async def publish_async(
        self, subject: str, body: bytes, *, stream: str, headers: dict[str, str], wait_stall: float
    ) -> "asyncio.Future[PubAck]":
        answer: asyncio.Future[PubAck] = asyncio.get_running_loop().create_future()
        if self.mute:
            return answer
        headers = dict(headers)
        message_id, expected = headers.pop("Nats-Msg-Id"), headers.pop("Nats-Expected-Last-Sequence")
        try:
            self._existing(stream)
        except nats.js.errors.NotFoundError:
            answer.set_exception(nats.errors.NoRespondersError())
            return answer
        if message_id in self.ids:
            answer.set_result(PubAck(stream, self.ids.index(message_id) + 1, duplicate=True))
        elif int(expected) != self.last:
            answer.set_exception(nats.js.errors.BadRequestError(400, f"wrong last sequence: {self.last}", 10071))
        else:
            self.store(message_id, subject, body, **headers)
            answer.set_result(PubAck(stream, self.last))
        return answer

    def _existing(self, name: str) -> StreamConfig:
        if self.config is None or self.config.name != name:
            raise nats.js.errors.NotFoundError(404, "stream not found")
        return self.config


class Switch:
    """In the place of a `Lease`, held as the test wants. `asked` counts the questions whether it is."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self.on = True
        self.asked = 0
        self.log: list[str] = []

    @property
    def held(self) -> bool:
        self.asked += 1
        return self.on

    def start(self) -> None:
        self.log.append("start")

    def stop(self) -> None:
        self.log.append("stop")
