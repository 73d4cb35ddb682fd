"""A downstream system that reads every stream through all faults, and stores its position with the events."""

import asyncio
import json
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import nats
import nats.errors
import nats.js.errors
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from contracts.streams import STREAMS

_FETCH = 1.0  # seconds
_PAUSE = 0.2


@dataclass
class Place:
    """How far a stream was read, and when that stream was made: one made later is another."""

    made: datetime | None = None
    sequence: int = 0


class Subscriber:
    """`read` holds each event once, by its id; `repeated` counts those that came again."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.read: dict[str, dict[str, Any]] = {}
        self.repeated = 0
        self.disorder: list[str] = []
        self._last: dict[tuple[str, str], int] = {}

    async def run(self) -> None:
        """Until cancelled."""
        await asyncio.gather(*(self._follow(stream.name, f"evt.{context}.>") for context, stream in STREAMS.items()))

    def types_of(self, organization: str) -> Counter[str]:
        """How many events of each type an organization has had, such as OrgCreated."""
        events = list(self.read.values())
        return Counter(_type(event) for event in events if event.get("organization") == organization)

    def of_type(self, name: str) -> list[dict[str, Any]]:
        return [event for event in list(self.read.values()) if _type(event) == name]

    async def _follow(self, stream: str, subjects: str) -> None:
        place = Place()
        while True:
            with suppress(nats.errors.Error, OSError, TimeoutError):
                await self._connected(stream, subjects, place)
            await asyncio.sleep(_PAUSE)

    async def _connected(self, stream: str, subjects: str, place: Place) -> None:
        """Read on until something is odd."""
        connection = await nats.connect(
            self._url, inbox_prefix=b"_INBOX_observer", allow_reconnect=False, connect_timeout=2, error_cb=quiet
        )
        try:
            await self._read_on(connection.jetstream(timeout=2), stream, subjects, place)
        finally:
            await connection.close()

    async def _read_on(self, jetstream: JetStreamContext, stream: str, subjects: str, place: Place) -> None:
        info = await jetstream.stream_info(stream)
        if info.created != place.made or info.state.last_seq < place.sequence:
            place.made, place.sequence = info.created, 0
        config = ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=place.sequence + 1,
            ack_policy=AckPolicy.NONE,
            inactive_threshold=30,
        )
        messages = await jetstream.pull_subscribe(
            subjects, stream=stream, config=config, inbox_prefix=b"_INBOX_observer."
        )
        while (await jetstream.stream_info(stream)).created == place.made:
            with suppress(nats.errors.TimeoutError):
                for message in await messages.fetch(200, timeout=_FETCH):
                    if message.metadata.sequence.stream != place.sequence + 1:
                        return  # one was lost on the way
                    self._keep(json.loads(message.data))
                    place.sequence += 1

    def _keep(self, event: dict[str, Any]) -> None:
        if event["id"] in self.read:
            self.repeated += 1
            return
        self.read[event["id"]] = event
        aggregate = event["source"], event["subject"]
        if event["sequence"] <= self._last.get(aggregate, 0):
            self.disorder.append(event["id"])
        self._last[aggregate] = event["sequence"]


def _type(event: dict[str, Any]) -> str:
    return str(event["type"].split(".")[2])


async def quiet(_: Exception) -> None:
    """For errors of a connection that is tried again."""
