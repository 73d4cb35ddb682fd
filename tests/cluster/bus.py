"""The bus as the observer sees it."""

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Self, TypeVar

import nats
import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from contracts.streams import STREAMS, consumers_of, feeds_of

T = TypeVar("T")


class Witness:
    """Notes when each event came by on the bus, and how long after it had been stored."""

    def __init__(self, url: str) -> None:
        self._servers = url.split(",")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._seen: dict[str, tuple[float, float]] = {}
        self._client: Client | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self._client = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._client is not None
        asyncio.run_coroutine_threadsafe(self._client.close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def delays(self, context: str, since: float) -> list[float]:
        """Seconds between store and bus of the context's events that were stored after a time."""
        return [
            seen - stored
            for id_, (stored, seen) in list(self._seen.items())
            if id_.startswith(f"{context}-") and stored >= since
        ]

    async def _listen(self) -> Client:
        client = await nats.connect(self._servers, inbox_prefix=b"_INBOX_observer")
        await client.subscribe("evt.>", cb=self._note)
        await client.flush()
        return client

    async def _note(self, message: Msg) -> None:
        event = json.loads(message.data)
        stored = datetime.fromisoformat(event["time"]).timestamp()
        self._seen.setdefault(event["id"], (stored, time.time()))


def stream_leader(url: str, context: str) -> str:
    """The server that leads a context's stream; empty while there is none."""

    async def leader(client: Client) -> str:
        cluster = (await client.jetstream().stream_info(STREAMS[context].name)).cluster
        return (cluster.leader if cluster else None) or ""

    return _asked(url, leader) or ""


def copies(url: str) -> dict[str, int]:
    """How many servers keep each stream and are up to date."""

    async def counted(client: Client) -> dict[str, int]:
        found = {}
        for stream in STREAMS.values():
            info = await client.jetstream().stream_info(stream.name)
            peers = (info.cluster.replicas if info.cluster else None) or []
            found[stream.name] = 1 + sum(1 for peer in peers if peer.current and not peer.offline)
        return found

    return _asked(url, counted) or {}


def unread(url: str) -> dict[str, int] | None:
    """The number of unfinished messages of each consumer of the services; None while the bus is unavailable."""

    async def counted(client: Client) -> dict[str, int]:
        found = {}
        for service in STREAMS:
            for durable in (*consumers_of(service), *feeds_of(service)):
                info = await client.jetstream().consumer_info(durable.stream.name, durable.name)
                found[durable.name] = (info.num_pending or 0) + (info.num_ack_pending or 0)
        return found

    return _asked(url, counted)


def _asked(url: str, question: Callable[[Client], Awaitable[T]]) -> T | None:
    async def ask() -> T:
        client = await nats.connect(url.split(","), inbox_prefix=b"_INBOX_observer", connect_timeout=1, error_cb=_quiet)
        try:
            return await question(client)
        finally:
            await client.close()

    try:
        return asyncio.run(ask())
    except (nats.errors.Error, nats.js.errors.Error, OSError, TimeoutError):
        return None


async def _quiet(_: Any) -> None:
    pass
