"""Relay, consumer and inbox on a real nats-server: order, refilling, redelivery, poison, replay, epochs."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import nats
import psycopg
import pytest
from pydantic import SecretStr

from embedded.nats import Nats
from kit.messaging.bus import Bus
from kit.messaging.consumer import ConsumerRunner, Lag
from kit.messaging.inbox import Inbox, forget_dead_letters
from kit.messaging.relay import Relay, StreamStatus
from kit.tests.notebook import Notebook, dead_letters, open_notebook, translate
from testing.waiting import wait_until


@dataclass(frozen=True)
class NotebookStream:
    name: str = "NOTEBOOK"
    subjects: tuple[str, ...] = ("evt.notebook.>",)
    duplicate_window: timedelta = timedelta(minutes=5)


STREAM = NotebookStream()


@contextmanager
def running(*work: Callable[[], Awaitable[None]]) -> Iterator[asyncio.AbstractEventLoop]:
    """Run background work in a loop of its own thread; it is cancelled at the end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    tasks = [asyncio.run_coroutine_threadsafe(_awaited(one), loop) for one in work]
    try:
        yield loop
    finally:
        failures = [task.exception() for task in tasks if task.done()]
        for task in tasks:
            task.cancel()
        rest = asyncio.run_coroutine_threadsafe(_settle(), loop)
        rest.result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
        assert failures == []


async def _awaited(work: Callable[[], Awaitable[None]]) -> None:
    await work()


async def _settle() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    await asyncio.wait(others, timeout=8) if others else None


@asynccontextmanager
async def client(server: Nats) -> AsyncIterator[Any]:
    connection = await nats.connect(server.url)
    try:
        yield connection.jetstream()
    finally:
        await connection.close()


def stream_ids(server: Nats) -> list[str]:
    """The message ids in the stream, in order."""

    async def read() -> list[str]:
        async with client(server) as js:
            info = await js.stream_info("NOTEBOOK")
            found = []
            for sequence in range(info.state.first_seq or 1, info.state.last_seq + 1):
                found.append((await js.get_msg("NOTEBOOK", sequence)).headers["Nats-Msg-Id"])
            return found

    try:
        return asyncio.run(read())
    except (nats.js.errors.NotFoundError, nats.errors.Error, OSError):
        return []


def stored_ids(book: Notebook) -> list[str]:
    epochs = book.epochs()
    return [
        f"notebook-{next(e for e, after in reversed(epochs) if row['sequence'] > after)}-{row['sequence']}"
        for row in book.database.all("SELECT sequence FROM events ORDER BY sequence")
    ]


def relay_of(book: Notebook, server: Nats, replicas: int = 1) -> tuple[Bus, Relay]:
    bus = Bus(server.url, "notebook", SecretStr("x"))
    return bus, Relay(book, bus, STREAM, translate, replicas)


def test_the_stream_holds_every_event_once_and_in_order(notebook: Notebook, nats_server: Nats) -> None:
    before = [notebook.write(f"before {i}") for i in range(5)]
    bus, relay = relay_of(notebook, nats_server)
    with running(bus.run, relay.run):
        for note in before:
            notebook.retitle(note, "again")
        wait_until(lambda: stream_ids(nats_server) == stored_ids(notebook))


def test_a_wiped_stream_is_declared_again_and_refilled(notebook: Notebook, nats_server: Nats) -> None:
    for i in range(20):
        notebook.write(str(i))
    bus, relay = relay_of(notebook, nats_server)
    with running(bus.run, relay.run):
        wait_until(lambda: len(stream_ids(nats_server)) == 20)
        nats_server.stop()
        nats_server.wipe()
        notebook.write("while the bus is down")
        nats_server.start()
        wait_until(lambda: stream_ids(nats_server) == stored_ids(notebook))


def test_a_stream_deleted_under_an_idle_relay_is_refilled(notebook: Notebook, nats_server: Nats) -> None:
    for i in range(20):
        notebook.write(str(i))
    bus, relay = relay_of(notebook, nats_server)
    with running(bus.run, relay.run):
        wait_until(lambda: len(stream_ids(nats_server)) == 20)
        asyncio.run(_delete_stream(nats_server))
        assert stream_ids(nats_server) == []
        wait_until(lambda: stream_ids(nats_server) == stored_ids(notebook))


async def _delete_stream(server: Nats) -> None:
    async with client(server) as js:
        await js.delete_stream("NOTEBOOK")


def test_one_of_two_relays_publishes_and_the_other_takes_over(postgres_dsn: str, nats_server: Nats) -> None:
    one, two = open_notebook(postgres_dsn), open_notebook(postgres_dsn)
    bus_two, relay_two = relay_of(two, nats_server)
    with running(bus_two.run, relay_two.run):
        bus_one, relay_one = relay_of(one, nats_server)
        with running(bus_one.run, relay_one.run):
            for i in range(10):
                one.write(str(i))
            wait_until(lambda: stream_ids(nats_server) == stored_ids(one))
        one.write("after one has left")
        wait_until(lambda: stream_ids(nats_server) == stored_ids(two))
    one.database.close()
    two.database.close()


def test_a_new_epoch_continues_from_the_restored_store(notebook: Notebook, nats_server: Nats) -> None:
    for i in range(6):
        notebook.write(str(i))
    first = notebook.epochs()[0][0]
    bus, relay = relay_of(notebook, nats_server)
    with running(bus.run, relay.run):
        wait_until(lambda: len(stream_ids(nats_server)) == 6)
    # A backup taken after the fourth event is restored: the positions 5 and 6 are used again.
    notebook.database.execute("DELETE FROM events WHERE sequence > 4")
    notebook.database.execute("SELECT setval('events_sequence_seq', 4)")
    notebook.database.execute("INSERT INTO epochs (epoch, after_sequence) VALUES ('second', 4)")
    notebook.write("another fifth")
    bus, relay = relay_of(notebook, nats_server)
    with running(bus.run, relay.run):
        wait_until(lambda: len(stream_ids(nats_server)) == 7)
    assert stream_ids(nats_server)[-2:] == [f"notebook-{first}-6", "notebook-second-5"]


@dataclass(frozen=True)
class Envelope:
    id: str
    source: str
    subject: str
    sequence: int
    type: str
    data: Any
    actor: str | None = None
    correlationid: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True)
class Parsed:
    attributes: Envelope
    envelope: Envelope | None
    error: Exception | None = None


class Title(str):
    __slots__ = ()


def parse(payload: bytes) -> Parsed:
    """An event without data is of a type that nobody knows."""
    event = json.loads(payload)
    data = event.pop("data", None)
    envelope = Envelope(**event, data=data and Title(data["title"]))
    return Parsed(envelope, envelope if data else None)


class Reader:
    """A consumer whose effect is a row; a title of `poison` fails while `healthy` is False."""

    def __init__(self, dsn: str, server: Nats) -> None:
        self.book = open_notebook(dsn)
        self.book.database.execute("CREATE TABLE IF NOT EXISTS effects (n bigserial, subject text, title text)")
        self.healthy = False
        self.inbox = Inbox(self.book.database, "reader-notebook", parse, {Title: self.handle})
        self.bus = Bus(server.url, "reader", SecretStr("x"))
        self.consumer = ConsumerRunner(self.bus, "NOTEBOOK", "evt.notebook.>", self.inbox)

    def take(self, payload: bytes) -> str:
        return self.inbox.take(self.inbox.read(payload))

    def handle(self, envelope: Envelope) -> None:
        self.book.database.execute(
            "INSERT INTO effects (subject, title) VALUES (%s, %s)", (envelope.subject, envelope.data)
        )
        if envelope.data == "poison" and not self.healthy:
            raise RuntimeError("cannot be handled")

    def titles(self, subject: UUID | None = None) -> list[str]:
        rows = self.book.database.all("SELECT subject, title FROM effects ORDER BY n")
        return [row["title"] for row in rows if subject is None or row["subject"] == str(subject)]


@pytest.fixture
def reader(postgres_server: Any, nats_server: Nats) -> Iterator[Reader]:
    made = Reader(postgres_server.create_database(f"reader_{nats_server.port}"), nats_server)
    yield made
    made.book.database.close()


def test_each_message_takes_effect_once_after_the_bus_loses_consumer_and_stream(
    notebook: Notebook, nats_server: Nats, reader: Reader
) -> None:
    bus, relay = relay_of(notebook, nats_server)
    with running(bus.run, relay.run, reader.bus.run, reader.consumer.run):
        for i in range(10):
            notebook.write(str(i))
        wait_until(lambda: len(reader.titles()) == 10)
        asyncio.run(_delete_consumer(nats_server))
        notebook.write("after the durable was lost")
        wait_until(lambda: len(reader.titles()) == 11)
        nats_server.stop()
        nats_server.wipe()
        notebook.write("while the bus was down")
        nats_server.start()
        wait_until(lambda: len(reader.titles()) == 12, timeout=20)
    expected = [*map(str, range(10)), "after the durable was lost", "while the bus was down"]
    assert reader.titles() == expected


async def _delete_consumer(server: Nats) -> None:
    async with client(server) as js:
        await js.delete_consumer("NOTEBOOK", "reader-notebook")


def test_a_failing_message_blocks_only_its_aggregate_and_is_replayed_in_order(
    notebook: Notebook, nats_server: Nats, reader: Reader
) -> None:
    bus, relay = relay_of(notebook, nats_server)
    with running(bus.run, relay.run, reader.bus.run, reader.consumer.run):
        sick, well = notebook.write("first"), notebook.write("other")
        notebook.retitle(sick, "poison")
        notebook.retitle(sick, "after the poison")
        notebook.retitle(well, "goes on")
        wait_until(lambda: reader.titles(well) == ["other", "goes on"])
        parked = wait_until(lambda: found if len(found := dead_letters(reader.book.database)) == 2 else [])
        assert [row["attempts"] for row in parked] == [3, 0]
        assert "cannot be handled" in parked[0]["error"]
        assert reader.titles(sick) == ["first"]
        source = parked[0]["source"]
        applied, failure = reader.inbox.replay(source, str(sick))
        assert (applied, type(failure)) == (0, RuntimeError)
        reader.healthy = True
        assert reader.inbox.replay(source, str(sick)) == (2, None)
        assert reader.titles(sick) == ["first", "poison", "after the poison"]
        notebook.retitle(sick, "healthy again")
        wait_until(lambda: reader.titles(sick)[-1] == "healthy again")
    assert dead_letters(reader.book.database) == []


def test_backlog_and_lag_are_read_by_any_replica(notebook: Notebook, nats_server: Nats, reader: Reader) -> None:
    async def both() -> tuple[StreamStatus, Lag]:
        return await observed.status(), await reader.consumer.lag()

    bus, relay = relay_of(notebook, nats_server)
    with running(bus.run, relay.run, reader.bus.run, reader.consumer.run):
        notebook.write("first")
        wait_until(lambda: reader.titles() == ["first"])
    other, observed = relay_of(notebook, nats_server)
    reader.bus = Bus(nats_server.url, "reader", SecretStr("x"))
    reader.consumer = ConsumerRunner(reader.bus, "NOTEBOOK", "evt.notebook.>", reader.inbox)
    with running(other.run, reader.bus.run) as loop:
        wait_until(lambda: other.connected and reader.bus.connected)
        wait_until(lambda: asyncio.run_coroutine_threadsafe(both(), loop).result(5)[1].in_hand == 0)
        status, _ = asyncio.run_coroutine_threadsafe(both(), loop).result(5)
        assert (status.messages, status.position, status.waiting, status.since) == (1, 1, 0, None)
        before = datetime.now(UTC)
        notebook.write("second")
        notebook.write("third")
        status, _ = asyncio.run_coroutine_threadsafe(both(), loop).result(5)
        assert (status.messages, status.position, status.waiting) == (1, 1, 2)
        assert status.since is not None
        assert before - timedelta(seconds=1) < status.since <= datetime.now(UTC)
    bus, relay = relay_of(notebook, nats_server)
    reader.bus = Bus(nats_server.url, "reader", SecretStr("x"))
    reader.consumer = ConsumerRunner(reader.bus, "NOTEBOOK", "evt.notebook.>", reader.inbox)
    with running(bus.run, relay.run, reader.bus.run) as loop:
        wait_until(lambda: reader.bus.connected and len(stream_ids(nats_server)) == 3)
        lag = asyncio.run_coroutine_threadsafe(reader.consumer.lag(), loop).result(5)
        assert (lag.durable, lag.pending) == ("reader-notebook", 2)


def test_repeated_messages_have_no_effect_and_unreadable_ones_become_dead_letters(reader: Reader) -> None:
    def message(sequence: int, title: str) -> bytes:
        event = {"id": f"n-e-{sequence}", "source": "/n/e", "subject": "s", "sequence": sequence, "type": "T"}
        return json.dumps(event | {"data": {"title": title}}).encode()

    assert reader.take(message(1, "a")) == "done"
    assert reader.take(message(1, "a")) == "seen"
    assert reader.take(message(3, "c")) == "done"
    assert reader.take(message(2, "b")) == "seen"
    assert reader.take(b"\xff rubbish") == "parked"
    assert reader.titles() == ["a", "c"]
    assert bytes(dead_letters(reader.book.database)[0]["payload"]) == b"\xff rubbish"
    assert reader.inbox.discard(dead_letters(reader.book.database)[0]["id"], "rubbish")


def test_a_malformed_event_becomes_a_dead_letter_of_its_own_subject(reader: Reader) -> None:
    def broken(payload: bytes) -> Parsed:
        return Parsed(parse(payload).attributes, None, ValueError("no title"))

    event = {"id": "n-e-1", "source": "/n/e", "subject": "s", "sequence": 1, "type": "T"}
    inbox = Inbox(reader.book.database, "broken", broken, {Title: reader.handle})
    assert inbox.take(inbox.read(json.dumps(event).encode())) == "parked"
    (letter,) = dead_letters(reader.book.database)
    assert (letter["source"], letter["subject"], letter["sequence"]) == ("/n/e", "s", 1)
    assert letter["error"] == "ValueError: no title"
    applied, failure = inbox.replay("/n/e", "s")
    assert (applied, str(failure)) == (0, "no title")


def test_dead_letters_that_contain_a_text_are_deleted(reader: Reader) -> None:
    for payload in (b'\xff {"email": "ANN@example.com"}', b"\xff rubbish", b'{"to": "Ann@Example.Com"}'):
        assert reader.take(payload) == "parked"
    assert forget_dead_letters(reader.book.database, "ann@example.com") == 2
    assert [bytes(row["payload"]) for row in dead_letters(reader.book.database)] == [b"\xff rubbish"]


def test_a_database_failure_redelivers_the_message_without_a_dead_letter(reader: Reader) -> None:
    def fails(_: Envelope) -> None:
        raise psycopg.OperationalError("gone")

    inbox = Inbox(reader.book.database, "other", parse, {Title: fails})
    event = {
        "id": "n-e-1",
        "source": "/n/e",
        "subject": "s",
        "sequence": 1,
        "type": "T",
        "data": {"title": "a"},
    }
    with pytest.raises(psycopg.OperationalError):
        inbox.take(inbox.read(json.dumps(event).encode()))
    assert dead_letters(reader.book.database) == []
