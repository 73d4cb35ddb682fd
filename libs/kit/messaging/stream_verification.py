"""Comparison of a stream with its event store, message by message, by id and hash."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain

import nats.js.errors
from nats.js import JetStreamContext
from nats.js.api import RawStreamMsg

from kit.eventstore.store import Store
from kit.messaging.relay import Translate, epoch_of

_AT_ONCE = 100


@dataclass(frozen=True)
class Entry:
    """A message: its id, the event's sequence in the store, and the hash of its content."""

    id: str
    sequence: int
    digest: bytes


@dataclass
class Verdict:
    """`erased` events were taken off the stream on purpose, `waiting` ones were stored after its last message.
    The lists name ids: events the stream lacks, messages that say something else, messages without an event."""

    messages: int = 0
    erased: int = 0
    waiting: int = 0
    missing: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether the stream equals the store, up to its last message."""
        return not (self.missing or self.different or self.unknown)


Fetch = Callable[[int], list[RawStreamMsg | None]]
"""From a stream sequence to the messages from there on; None for one that was deleted."""


async def last_place(jetstream: JetStreamContext, stream: str) -> int:
    """The stream's last sequence; 0 where there is no message."""
    try:
        return (await jetstream.stream_info(stream)).state.last_seq
    except nats.js.errors.NotFoundError:
        return 0


async def fetched(jetstream: JetStreamContext, stream: str, first: int, last: int) -> list[RawStreamMsg | None]:
    """The messages with these stream sequences, at most a hundred."""

    async def one(place: int) -> RawStreamMsg | None:
        try:
            return await jetstream.get_msg(stream, seq=place)
        except nats.js.errors.NotFoundError:
            return None

    return await asyncio.gather(*(one(place) for place in range(first, min(first + _AT_ONCE, last + 1))))


def entries(last: int, fetch: Fetch, progress: Callable[[int], None] = lambda _: None) -> Iterator[Entry | None]:
    """The message with each stream sequence up to the last; None for one that was deleted."""
    place = 1
    while place <= last:
        messages = fetch(place)
        for message in messages:
            yield None if message is None else _entry(message)
        place += len(messages)
        progress(place - 1)


def expected(store: Store, translate: Translate) -> Iterator[Entry]:
    """The messages that the relay publishes for the store's events, in order."""
    epochs = store.epochs()
    after = 0
    while events := store.read(after, 500):
        after = events[-1].sequence
        for event in events:
            outgoing = translate(event, epoch_of(event.sequence, epochs))
            if outgoing is not None:
                yield Entry(outgoing.message_id, event.sequence, _digest(outgoing.subject, outgoing.body))


def compared(stored: Iterable[Entry], stream: Iterable[Entry | None]) -> Verdict:
    """One pass over both, which rise alike. An event that is not there counts as erased where a place next to its
    neighbours was emptied, as missing where there is no such place."""
    verdict = Verdict()
    coming = iter(stored)
    due = next(coming, None)
    emptied = 0
    for message in stream:
        if message is None:
            emptied += 1
            continue
        verdict.messages += 1
        passed: list[str] = []
        while due is not None and due.sequence < message.sequence:
            passed.append(due.id)
            due = next(coming, None)
        _passed(verdict, passed, emptied)
        emptied = 0
        if due is None or due.id != message.id:
            verdict.unknown.append(message.id)
            continue
        if due.digest != message.digest:
            verdict.different.append(message.id)
        due = next(coming, None)
    verdict.waiting = sum(1 for one in chain([due], coming) if one is not None)
    return verdict


def _passed(verdict: Verdict, ids: list[str], emptied: int) -> None:
    if len(ids) <= emptied:
        verdict.erased += len(ids)
    else:
        verdict.missing += ids


def _entry(message: RawStreamMsg) -> Entry:
    message_id = (message.headers or {}).get("Nats-Msg-Id", "")
    number = message_id.rpartition("-")[2]
    return Entry(
        message_id, int(number) if number.isdecimal() else 0, _digest(message.subject or "", message.data or b"")
    )


def _digest(subject: str, body: bytes) -> bytes:
    return sha256(subject.encode() + b"\n" + body).digest()
