"""The inbox: applies each message of another service once and in order, and keeps dead letters.

**The high-water mark.** The table `inbox` holds one row for each (consumer, source): the highest sequence that was
applied. A message at or below it was seen, and is dropped. One number is enough, because a source publishes in the
order of its sequence and a consumer has one message in flight (`max_ack_pending=1`): nothing below the mark can still
come. The mark moves in the transaction that stores the effect, so that both are there or neither is, whatever the bus
delivers again. Its row lock makes replicas queue up: the second one finds the mark moved, and drops the message. A
restored database starts a new epoch, and with it a new source: a mark of the old one says nothing about it.

**Dead letters.** A message that fails is written to the table `parked` (its released name), and the mark moves on: only
its own aggregate is blocked. Later messages of the same (source, subject) are written behind it, because they may rely
on what the failed one would have done. A replay applies them in order.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from math import nan
from typing import Any, Protocol

import psycopg

from kit.context import acting
from kit.db.database import Database
from kit.errors import Unavailable
from kit.messaging import operator_log
from kit.telemetry.metrics import CONSUMED, DEAD_LETTERS, PARKED

_TRIES = 3

TRANSIENT = (psycopg.OperationalError, Unavailable, OSError)
"""Failures that pass by themselves: the message is delivered again later, and nothing overtakes it."""


class Attributes(Protocol):
    """The attributes of a CloudEvent that delivery needs."""

    @property
    def id(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def sequence(self) -> int: ...
    @property
    def type(self) -> str: ...
    @property
    def actor(self) -> str | None: ...
    @property
    def correlationid(self) -> str | None: ...
    @property
    def traceparent(self) -> str | None: ...


class Envelope(Protocol):
    """What a handler is given; the class of `data` selects the handler."""

    @property
    def data(self) -> Any: ...


class Parsed(Protocol):
    """A message that a table of events has parsed.

    `attributes` are None where it does not even have those. `envelope` is None for a type that this version does not
    know, and for a malformed message, whose `error` says what is wrong.
    """

    @property
    def attributes(self) -> Attributes | None: ...
    @property
    def envelope(self) -> Envelope | None: ...
    @property
    def error(self) -> Exception | None: ...


Handlers = Mapping[type, Callable[[Any], None]]
"""By the class of an envelope's data. Typed where they subscribe; here they are of all types."""
Parse = Callable[[bytes], Parsed]
"""From a message's bytes, which are read once."""


@dataclass(frozen=True)
class Message:
    """A message as the inbox takes it. The payload is for its dead letter; the trace goes on from `traceparent`."""

    payload: bytes
    attributes: Attributes
    envelope: Envelope | None = None
    error: Exception | None = None
    traceparent: str | None = None


@dataclass(frozen=True)
class _Unreadable:
    """In place of the attributes of a message without any: each gets a sequence of its own, so that it is kept once."""

    sequence: int
    id: str = "unreadable"
    source: str = "unreadable"
    subject: str = "unreadable"
    type: str = "unreadable"
    actor: None = None
    correlationid: None = None
    traceparent: None = None

    @classmethod
    def of(cls, payload: bytes) -> "_Unreadable":
        return cls(int.from_bytes(sha256(payload).digest()[:7], "big"))


@dataclass(frozen=True)
class BlockedSubject:
    """An aggregate with dead letters: its later messages wait."""

    source: str
    subject: str


class Inbox:
    """Applies the messages of one consumer: each once and in order. One that fails blocks its own subject only."""

    def __init__(self, database: Database, durable: str, parse: Parse, handlers: Handlers) -> None:
        self._database = database
        self.durable = durable
        self._parse = parse
        self._handlers = handlers
        self._log = logging.getLogger("kit.inbox")
        DEAD_LETTERS.labels(durable).set_function(self._count)
        PARKED.labels(durable).set_function(self._count)

    def read(self, payload: bytes) -> Message:
        """Parse a message, for `take`. Raises nothing: what cannot be parsed becomes a dead letter there."""
        try:
            parsed = self._parse(payload)
        except Exception as error:  # a fault of the parser's must not stop the consumer
            return Message(payload, _Unreadable.of(payload), error=error)
        attributes = parsed.attributes or _Unreadable.of(payload)
        return Message(payload, attributes, parsed.envelope, parsed.error, attributes.traceparent)

    def take(self, message: Message) -> str:
        """Apply one message; answers `done`, `seen`, `skipped` or `parked`. Raises TRANSIENT to have it again."""
        outcome = self._take(message)
        CONSUMED.labels(self.durable, outcome).inc()
        return outcome

    def _take(self, message: Message) -> str:
        if message.error is not None:  # only a relay may publish here, so this is a fault of ours
            return self._give_up(message, message.error)
        handler = self._handler(message)
        if handler is None:
            return "skipped"  # leaves no trace: it has no effect that a repetition could double
        failure: Exception | None = None
        for _ in range(_TRIES):
            try:
                with self._database.transaction():
                    return self._once(message, handler)
            except TRANSIENT:
                raise
            except Exception as error:  # whatever it is, only this subject may stop
                failure = error
        assert failure is not None
        return self._give_up(message, failure)

    def _once(self, message: Message, handler: Callable[[Any], None]) -> str:
        """Within a transaction, which may apply several messages."""
        fresh, blocked = self._advance(message.attributes)
        if not fresh:
            return "seen"
        if blocked:
            self._insert_dead_letter(message, "waits behind an earlier message", 0)
            return "parked"
        self._call(message, handler)
        return "done"

    def _handler(self, message: Message) -> Callable[[Any], None] | None:
        """None for a type that nobody here handles."""
        return None if message.envelope is None else self._handlers.get(type(message.envelope.data))

    def _call(self, message: Message, handler: Callable[[Any], None]) -> None:
        about = message.attributes
        with acting(
            actor=about.actor,
            correlation=about.correlationid,
            causation=about.id,
            traceparent=message.traceparent,
        ):
            handler(message.envelope)

    def _advance(self, attributes: Attributes) -> tuple[bool, bool]:
        """Move the high-water mark; answers (whether this sequence is new, whether its subject has dead letters).

        The row lock makes two replicas queue up.
        """
        row = self._database.one(
            "WITH moved AS (INSERT INTO inbox (durable, source, sequence) "
            "VALUES (%(durable)s, %(source)s, %(sequence)s) "
            "ON CONFLICT (durable, source) DO UPDATE SET sequence = EXCLUDED.sequence "
            "WHERE inbox.sequence < EXCLUDED.sequence RETURNING 1) "
            "SELECT EXISTS (SELECT FROM moved) AS fresh, EXISTS (SELECT FROM parked WHERE durable = %(durable)s "
            "AND source = %(source)s AND subject = %(subject)s) AS blocked",
            {
                "durable": self.durable,
                "source": attributes.source,
                "sequence": attributes.sequence,
                "subject": attributes.subject,
            },
        )
        assert row is not None
        return row["fresh"], row["blocked"]

    def _give_up(self, message: Message, failure: Exception) -> str:
        about = message.attributes
        self._log.error("%s of %s becomes a dead letter of %s", about.id, about.subject, self.durable, exc_info=failure)
        with self._database.transaction():
            self._advance(about)
            self._insert_dead_letter(message, f"{type(failure).__name__}: {failure}"[:2000], _TRIES)
        return "parked"

    def _insert_dead_letter(self, message: Message, error: str, attempts: int) -> None:
        about = message.attributes
        self._database.execute(
            "INSERT INTO parked (durable, source, subject, sequence, type, payload, error, attempts) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (
                self.durable,
                about.source,
                about.subject,
                about.sequence,
                about.type,
                message.payload,
                error,
                attempts,
            ),
        )

    def blocked_subjects(self) -> list[BlockedSubject]:
        """The aggregates with dead letters, the longest blocked first."""
        rows = self._database.all(
            "SELECT source, subject FROM parked WHERE durable = %s GROUP BY source, subject ORDER BY min(id)",
            (self.durable,),
        )
        return [BlockedSubject(row["source"], row["subject"]) for row in rows]

    def replay(self, source: str, subject: str) -> tuple[int, Exception | None]:
        """Apply a subject's dead letters in order, until one fails again.

        Answers how many were applied, and the failure; it and those behind it are dead letters still.
        """
        done = 0
        try:
            while self._replay_first(source, subject):
                done += 1
        except Exception as failure:  # whatever it is, it is the answer
            return done, failure
        return done, None

    def _replay_first(self, source: str, subject: str) -> bool:
        with self._database.transaction():
            row = self._database.one(
                "DELETE FROM parked WHERE id = (SELECT id FROM parked WHERE durable = %s AND source = %s "
                "AND subject = %s ORDER BY sequence LIMIT 1 FOR UPDATE) RETURNING *",
                (self.durable, source, subject),
            )
            if row is None:
                return False
            operator_log.record(self._database, "replayed", row)
            message = self.read(bytes(row["payload"]))
            if message.error is not None:
                raise message.error
            handler = self._handler(message)
            if handler is not None:
                self._call(message, handler)
        return True

    def discard(self, dead_letter_id: int, reason: str) -> bool:
        """Delete a dead letter permanently; False if there is none with this id."""
        with self._database.transaction():
            row = self._database.one(
                "DELETE FROM parked WHERE durable = %s AND id = %s RETURNING *", (self.durable, dead_letter_id)
            )
            if row is not None:
                operator_log.record(self._database, "discarded", row, reason)
        return row is not None

    def _count(self) -> float:
        """For the gauge: other processes change the rows too. Not a number while the database is away."""
        try:
            row = self._database.one("SELECT count(*) AS count FROM parked WHERE durable = %s", (self.durable,))
        except psycopg.OperationalError:
            return nan
        return float(row["count"]) if row else nan


def forget_dead_letters(database: Database, word: str) -> int:
    """Delete the dead letters that hold this word, such as an address, in any case of letters; answers how many.

    Compared here, for a payload may be anything.
    """
    sought = word.casefold()
    rows = database.all("SELECT id, payload FROM parked")
    holding = [row for row in rows if sought in bytes(row["payload"]).decode(errors="replace").casefold()]
    database.execute("DELETE FROM parked WHERE id = ANY(%s)", ([row["id"] for row in holding],))
    return len(holding)
