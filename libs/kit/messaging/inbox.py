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

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import nan
from typing import Any

import psycopg

from kit.context import acting
from kit.db.database import Database
from kit.errors import Unavailable
from kit.messaging import operator_log
from kit.telemetry.metrics import CONSUMED, DEAD_LETTERS, PARKED

_TRIES = 3

Handlers = Mapping[type, Callable[[Any], None]]
Parse = Callable[[bytes], Any]
"""From a message's bytes to an envelope with `.data`, or None for a type that this service does not know."""

TRANSIENT = (psycopg.OperationalError, Unavailable, OSError)
"""Failures that pass by themselves: the message is delivered again later, and nothing overtakes it."""


@dataclass(frozen=True)
class Attributes:
    """The attributes of a CloudEvent that delivery needs."""

    id: str
    source: str
    subject: str
    sequence: int
    type: str
    actor: str | None
    correlation: str | None
    traceparent: str | None

    @classmethod
    def of(cls, payload: bytes) -> "Attributes":
        """Raises ValueError, KeyError or TypeError when the payload is not a contract event."""
        event = json.loads(payload)
        return cls(
            str(event["id"]),
            str(event["source"]),
            str(event["subject"]),
            int(event["sequence"]),
            str(event["type"]),
            event.get("actor"),
            event.get("correlationid"),
            event.get("traceparent"),
        )


@dataclass(frozen=True)
class BlockedSubject:
    """An aggregate with dead letters: its later messages wait."""

    source: str
    subject: str
    messages: int


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

    def take(self, payload: bytes, traceparent: str | None = None) -> str:
        """Apply one message; answers `done`, `seen`, `skipped` or `parked`. Raises TRANSIENT to have it again.

        `traceparent`: the trace context of the consumer, where that is traced.
        """
        try:
            attributes = Attributes.of(payload)
            attributes = replace(attributes, traceparent=traceparent or attributes.traceparent)
        except (ValueError, KeyError, TypeError) as error:
            # Only a relay may publish here, so this is a fault of ours: keep it for the operator, once.
            self._log.error("message without attributes on %s", self.durable, exc_info=error)
            self._keep_dead_letter(_unreadable(payload), payload, error)
            outcome = "parked"
        else:
            outcome = self._take(attributes, payload)
        CONSUMED.labels(self.durable, outcome).inc()
        return outcome

    def _take(self, attributes: Attributes, payload: bytes) -> str:
        failure: Exception | None = None
        for _ in range(_TRIES):
            try:
                call = self._call(attributes, payload)
                if call is None:
                    return "skipped"  # leaves no trace: it has no effect that a repetition could double
                with self._database.transaction():
                    return self._once(attributes, payload, call)
            except TRANSIENT:
                raise
            except Exception as error:  # whatever it is, only this subject may stop
                failure = error
        assert failure is not None
        self._log.error("%s of %s becomes a dead letter", attributes.id, attributes.subject, exc_info=failure)
        self._keep_dead_letter(attributes, payload, failure)
        return "parked"

    def _once(self, attributes: Attributes, payload: bytes, call: Callable[[], None]) -> str:
        fresh, blocked = self._advance(attributes)
        if not fresh:
            return "seen"
        if blocked:
            self._insert_dead_letter(attributes, payload, "waits behind an earlier message", 0)
            return "parked"
        call()
        return "done"

    def _call(self, attributes: Attributes, payload: bytes) -> Callable[[], None] | None:
        """The handler's work for this message; None for a type without a handler."""
        envelope = self._parse(payload)
        handler = self._handlers.get(type(envelope.data)) if envelope is not None else None
        if handler is None:
            return None

        def call() -> None:
            with acting(
                actor=attributes.actor,
                correlation=attributes.correlation,
                causation=attributes.id,
                traceparent=attributes.traceparent,
            ):
                handler(envelope)

        return call

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

    def _keep_dead_letter(self, attributes: Attributes, payload: bytes, error: Exception) -> None:
        with self._database.transaction():
            self._advance(attributes)
            self._insert_dead_letter(attributes, payload, f"{type(error).__name__}: {error}"[:2000], _TRIES)

    def _insert_dead_letter(self, attributes: Attributes, payload: bytes, error: str, attempts: int) -> None:
        self._database.execute(
            "INSERT INTO parked (durable, source, subject, sequence, type, payload, error, attempts) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (
                self.durable,
                attributes.source,
                attributes.subject,
                attributes.sequence,
                attributes.type,
                payload,
                error,
                attempts,
            ),
        )

    def dead_letters(self, limit: int = 200) -> list[dict[str, Any]]:
        """The oldest first, with payload and error."""
        return list(
            self._database.all("SELECT * FROM parked WHERE durable = %s ORDER BY id LIMIT %s", (self.durable, limit))
        )

    def blocked_subjects(self) -> list[BlockedSubject]:
        """The aggregates with dead letters, the longest blocked first."""
        rows = self._database.all(
            "SELECT source, subject, count(*) AS messages FROM parked WHERE durable = %s "
            "GROUP BY source, subject ORDER BY min(id)",
            (self.durable,),
        )
        return [BlockedSubject(row["source"], row["subject"], row["messages"]) for row in rows]

    def replay(self, source: str, subject: str) -> int:
        """Apply a subject's dead letters in order, until one fails again; answers how many were applied.

        Raises what the failing one raises; those before it stay applied.
        """
        done = 0
        while self._replay_first(source, subject):
            done += 1
        return done

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
            payload = bytes(row["payload"])
            call = self._call(Attributes.of(payload), payload)
            if call is not None:
                call()
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


def _unreadable(payload: bytes) -> Attributes:
    number = int.from_bytes(payload[:6].ljust(6, b"\0"), "big") + len(payload)
    return Attributes("unreadable", "unreadable", "unreadable", number, "unreadable", None, None, None)
