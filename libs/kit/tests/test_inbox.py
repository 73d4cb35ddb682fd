"""The inbox on a real database, without a bus: what it applies, keeps, replays and forgets."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import isnan
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from prometheus_client import REGISTRY

from kit import service
from kit.context import Cause, cause
from kit.db.database import Database
from kit.db.migrations import migrate
from kit.errors import Unavailable
from kit.messaging.inbox import BlockedSubject, Inbox, forget_dead_letters
from kit.operations.dead_letters import DeadLetters
from kit.tests.notebook import dead_letters

SOURCE = "/notebook/1"
REQUIRED = ("id", "source", "subject", "sequence", "type")
OPTIONAL = ("actor", "correlationid", "traceparent")


@dataclass(frozen=True)
class Titled:
    title: str


@dataclass(frozen=True)
class Unhandled:
    title: str


def parse(payload: bytes) -> Any:
    try:
        event = json.loads(payload)
        attributes = SimpleNamespace(**{name: event.get(name) for name in OPTIONAL}, **{n: event[n] for n in REQUIRED})
    except (ValueError, KeyError, TypeError) as error:
        return SimpleNamespace(attributes=None, envelope=None, error=error)
    kind = {"Titled": Titled, "Unhandled": Unhandled}.get(event["type"])
    envelope = None if kind is None else SimpleNamespace(**vars(attributes), data=kind(event["title"]))
    return SimpleNamespace(attributes=attributes, envelope=envelope, error=None)


class Reader:
    """An inbox whose effects are a list; `failures` are raised one after the other by titles of `poison`."""

    def __init__(self, database: Database, durable: str = "reader") -> None:
        self.database = database
        self.inbox = Inbox(database, durable, parse, {Titled: self._handle})
        self.effects: list[str] = []
        self.causes: list[Cause] = []
        self.failures: list[Exception] = []

    def take(self, payload: bytes, traceparent: str | None = None) -> str:
        read = self.inbox.read(payload)
        return self.inbox.take(replace(read, traceparent=traceparent or read.traceparent))

    def _handle(self, envelope: Any) -> None:
        self.causes.append(cause())
        if envelope.data.title == "poison" and self.failures:
            raise self.failures.pop(0)
        self.effects.append(envelope.data.title)


@pytest.fixture
def database(postgres_dsn: str) -> Iterator[Database]:
    made = Database(postgres_dsn)
    made.open()
    migrate(made, service.SCHEMA)
    yield made
    made.close()


@pytest.fixture
def reader(database: Database) -> Reader:
    return Reader(database)


def message(sequence: int, title: str, subject: str = "s", source: str = SOURCE, **more: Any) -> bytes:
    event = {"id": f"n-{sequence}", "source": source, "subject": subject, "sequence": sequence, "type": "Titled"}
    return json.dumps(event | {"title": title} | more).encode()


def broken(times: int) -> list[Exception]:
    return [RuntimeError(f"attempt {number}") for number in range(times)]


def test_a_message_is_applied_once_and_in_order(reader: Reader) -> None:
    outcomes = [reader.take(message(sequence, str(sequence))) for sequence in (1, 1, 3, 2, 3, 4)]
    assert outcomes == ["done", "seen", "done", "seen", "seen", "done"]
    assert reader.effects == ["1", "3", "4"]


def test_high_water_marks_are_per_source_and_consumer(reader: Reader) -> None:
    assert reader.take(message(5, "a")) == "done"
    assert reader.take(message(5, "b", source="/notebook/2")) == "done"
    assert Reader(reader.database, "other").take(message(5, "c")) == "done"


@pytest.mark.parametrize("kind", ["Unknown", "Unhandled"])
def test_an_unhandled_type_is_skipped(reader: Reader, kind: str) -> None:
    assert reader.take(message(2, "a", type=kind)) == "skipped"
    assert reader.take(message(1, "b")) == "done"
    assert dead_letters(reader.database) == []


def test_effects_name_the_message_and_its_cause(reader: Reader) -> None:
    reader.take(message(1, "a", actor="ann", correlationid="r", traceparent="own"))
    reader.take(message(2, "b", traceparent="own"), traceparent="of the consumer")
    assert reader.causes == [Cause("ann", "r", "n-1", "own"), Cause(None, None, "n-2", "of the consumer")]


def test_a_message_is_tried_three_times(reader: Reader) -> None:
    reader.failures = broken(2)
    assert reader.take(message(1, "poison")) == "done"
    reader.failures = broken(3)
    assert reader.take(message(2, "poison")) == "parked"
    assert reader.effects == ["poison"]
    [letter] = dead_letters(reader.database)
    assert (letter["attempts"], letter["error"], letter["sequence"]) == (3, "RuntimeError: attempt 2", 2)
    assert (letter["source"], letter["subject"], letter["type"]) == (SOURCE, "s", "Titled")


def test_a_long_error_is_cut(reader: Reader) -> None:
    reader.failures = [RuntimeError("x" * 3000)] * 3
    reader.take(message(1, "poison"))
    assert len(dead_letters(reader.database)[0]["error"]) == 2000


def test_a_dead_letter_blocks_its_own_subject_only(reader: Reader) -> None:
    reader.failures = broken(3)
    outcomes = [
        reader.take(message(1, "poison", subject="sick")),
        reader.take(message(2, "behind", subject="sick")),
        reader.take(message(3, "free", subject="well")),
        reader.take(message(4, "free", subject="sick", source="/notebook/2")),
        Reader(reader.database, "other").take(message(2, "free", subject="sick")),
    ]
    assert outcomes == ["parked", "parked", "done", "done", "done"]
    assert [letter["attempts"] for letter in dead_letters(reader.database)] == [3, 0]
    assert reader.inbox.blocked_subjects() == [BlockedSubject(SOURCE, "sick")]
    assert reader.take(message(1, "poison", subject="sick")) == "seen"
    assert reader.take(message(2, "behind", subject="sick")) == "seen"


def test_a_replay_applies_in_order_and_stops_at_a_failure(reader: Reader) -> None:
    reader.failures = broken(3)
    for sequence, title in enumerate(("poison", "second", "poison", "fourth"), start=1):
        reader.take(message(sequence, title))
    reader.failures = [RuntimeError("still")]
    applied, failure = reader.inbox.replay(SOURCE, "s")
    assert (applied, str(failure)) == (0, "still")
    assert (reader.effects, len(dead_letters(reader.database))) == ([], 4)
    assert reader.inbox.replay(SOURCE, "other") == (0, None)
    assert reader.inbox.replay(SOURCE, "s") == (4, None)
    assert reader.effects == ["poison", "second", "poison", "fourth"]
    assert (dead_letters(reader.database), reader.inbox.replay(SOURCE, "s")) == ([], (0, None))
    assert reader.take(message(5, "goes on")) == "done"
    assert operator_log(reader.database) == [("replayed", None)] * 4


def test_what_became_a_dead_letter_was_seen_and_a_replay_applies_it_once(reader: Reader) -> None:
    reader.failures = broken(3)
    assert [reader.take(message(1, "poison")) for _ in range(2)] == ["parked", "seen"]
    assert reader.inbox.replay(SOURCE, "s") == (1, None)
    assert reader.take(message(1, "poison")) == "seen"
    assert reader.effects == ["poison"]


def test_a_replay_keeps_what_cannot_be_read(reader: Reader) -> None:
    reader.take(b"rubbish")
    applied, failure = reader.inbox.replay("unreadable", "unreadable")
    assert (applied, type(failure)) == (0, json.JSONDecodeError)
    assert [bytes(letter["payload"]) for letter in dead_letters(reader.database)] == [b"rubbish"]


def test_a_replay_drops_what_is_no_longer_handled(reader: Reader) -> None:
    reader.failures = broken(3)
    reader.take(message(1, "poison"))
    heir = Inbox(reader.database, "reader", parse, {})
    assert heir.replay(SOURCE, "s") == (1, None)
    assert (dead_letters(reader.database), reader.effects) == ([], [])


def test_a_discarded_dead_letter_is_gone_and_logged(reader: Reader) -> None:
    reader.failures = broken(3)
    reader.take(message(1, "poison"))
    [letter] = dead_letters(reader.database)
    assert not Reader(reader.database, "other").inbox.discard(letter["id"], "not mine")
    assert reader.inbox.discard(letter["id"], "a test")
    assert not reader.inbox.discard(letter["id"], "again")
    assert dead_letters(reader.database) == []
    assert operator_log(reader.database) == [("discarded", "a test")]


def operator_log(database: Database) -> list[tuple[str, str | None]]:
    return [(row["action"], row["reason"]) for row in database.all("SELECT action, reason FROM interventions")]


@pytest.mark.parametrize("failure", [Unavailable(), OSError(), psycopg.OperationalError()])
def test_a_transient_failure_leaves_no_dead_letter(reader: Reader, failure: Exception) -> None:
    reader.failures = [failure]
    with pytest.raises(type(failure)):
        reader.take(message(1, "poison"))
    assert dead_letters(reader.database) == []
    assert reader.take(message(1, "poison")) == "done"


@pytest.mark.parametrize("payload", [b"\xff rubbish", b"{}", b"[]", b'{"id": 1}'])
def test_a_malformed_message_becomes_one_dead_letter(
    reader: Reader, payload: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "kit.inbox"):
        assert [reader.take(payload) for _ in range(2)] == ["parked", "parked"]
    [letter] = dead_letters(reader.database)
    assert (bytes(letter["payload"]), letter["subject"]) == (payload, "unreadable")
    assert "reader" in caplog.text


def test_messages_that_are_no_events_are_each_kept_though_they_begin_alike(reader: Reader) -> None:
    for payload in (b'{"id": "a"}', b'{"id": "b"}', b'{"id": "a"}'):
        assert reader.take(payload) == "parked"
    assert [bytes(letter["payload"]) for letter in dead_letters(reader.database)] == [b'{"id": "a"}', b'{"id": "b"}']


def test_dead_letters_are_listed_oldest_first_and_not_all_at_once(reader: Reader) -> None:
    for letter in (b"b", b"a", b"c"):
        reader.take(letter)
    assert [bytes(row["payload"]) for row in DeadLetters(reader.database, []).after(0, 2)] == [b"b", b"a"]


def test_dead_letters_that_contain_a_text_are_deleted_whatever_its_case(reader: Reader) -> None:
    for payload in (b'\xff {"email": "ANN@example.com"}', b"\xff rubbish", b'{"to": "Ann@Example.Com"}'):
        reader.take(payload)
    assert forget_dead_letters(reader.database, "ann@EXAMPLE.com") == 2
    assert [bytes(row["payload"]) for row in dead_letters(reader.database)] == [b"\xff rubbish"]


def test_metrics_count_outcomes_and_dead_letters(reader: Reader) -> None:
    def consumed(outcome: str) -> float:
        labels = {"durable": "reader", "outcome": outcome}
        return REGISTRY.get_sample_value("tradehall_consumed_total", labels) or 0.0

    before = consumed("done"), consumed("parked")
    reader.take(message(1, "a"))
    reader.take(b"rubbish")
    assert (consumed("done") - before[0], consumed("parked") - before[1]) == (1, 1)
    for gauge in ("tradehall_dead_letters", "tradehall_parked_messages"):
        assert REGISTRY.get_sample_value(gauge, {"durable": "reader"}) == 1


def test_without_the_database_the_number_of_dead_letters_is_unknown(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any) -> None:
        raise psycopg.OperationalError

    monkeypatch.setattr(reader.database, "one", gone)
    assert isnan(REGISTRY.get_sample_value("tradehall_dead_letters", {"durable": "reader"}) or 0.0)
