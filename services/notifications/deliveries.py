"""The queue of mails that are due: rows, taken by any replica, one at a time, under a lease."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from kit.context import cause
from kit.db.database import Database, Row
from notifications.occasions import Occasion

LEASE = timedelta(seconds=6)
"""Renewed while an attempt goes on, so that it outlives any; what a dead process held is free after it."""

SCHEMA = """
CREATE TABLE deliveries (
    notification_id uuid PRIMARY KEY, template text NOT NULL, cause text NOT NULL, occasion jsonb NOT NULL,
    due_at timestamptz NOT NULL, attempts integer NOT NULL DEFAULT 0, last_error text,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'taken', 'sending')), lease uuid,
    correlation text, traceparent text);
CREATE INDEX deliveries_due ON deliveries (due_at);
"""


@dataclass(frozen=True)
class Delivery:
    """A mail in the hands of one worker. `broke_off`: the one before was lost where the mail may be out."""

    notification_id: UUID
    template: str
    cause: str
    occasion: Occasion
    attempts: int
    last_error: str | None
    lease: UUID
    broke_off: bool
    correlation: str | None
    traceparent: str | None


class Deliveries:
    """The rows. Every change names the lease, so that a worker that was frozen changes nothing any more.

    `due_at` is also the end of the lease of a row that is taken or being sent.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, notification_id: UUID, template: str, event_id: str, occasion: Occasion, due_at: datetime) -> None:
        """Queue a mail; the request that led to it goes along."""
        now = cause()
        self._database.execute(
            "INSERT INTO deliveries "
            "(notification_id, template, cause, occasion, due_at, correlation, traceparent) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (
                notification_id,
                template,
                event_id,
                occasion.model_dump_json(exclude_none=True),
                due_at,
                now.correlation,
                now.traceparent,
            ),
        )

    def take(self, now: datetime) -> Delivery | None:
        """The mail that is due longest, for one attempt; None when there is none."""
        row = self._database.one(
            "WITH due AS (SELECT notification_id, state FROM deliveries WHERE due_at <= %s "
            "ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED) "
            "UPDATE deliveries SET state = 'taken', lease = gen_random_uuid(), due_at = %s, "
            "attempts = attempts + 1 FROM due WHERE deliveries.notification_id = due.notification_id "
            "RETURNING deliveries.*, due.state AS left_as",
            (now, now + LEASE),
        )
        return None if row is None else _delivery(row)

    def sending(self, delivery: Delivery, now: datetime) -> bool:
        """From here on a crash leaves the outcome unknown; False when the lease was lost."""
        return self._changed(delivery, "state = 'sending', due_at = %s", now + LEASE)

    def extend(self, delivery: Delivery, now: datetime) -> None:
        """The attempt goes on."""
        self._changed(delivery, "due_at = %s", now + LEASE)

    def later(self, delivery: Delivery, reason: str, due_at: datetime) -> bool:
        """The attempt has ended without success; False when the lease was lost."""
        return self._changed(delivery, "state = 'waiting', lease = NULL, last_error = %s, due_at = %s", reason, due_at)

    def remove(self, delivery: Delivery) -> bool:
        """There is no attempt any more; False when the lease was lost."""
        return bool(
            self._database.execute(
                "DELETE FROM deliveries WHERE notification_id = %s AND lease = %s",
                (delivery.notification_id, delivery.lease),
            )
        )

    def _changed(self, delivery: Delivery, change: str, *values: object) -> bool:
        query = f"UPDATE deliveries SET {change} WHERE notification_id = %s AND lease = %s"  # noqa: S608 - ours
        return bool(self._database.execute(query, (*values, delivery.notification_id, delivery.lease)))


def _delivery(row: Row) -> Delivery:
    return Delivery(
        notification_id=row["notification_id"],
        template=row["template"],
        cause=row["cause"],
        occasion=Occasion.model_validate(row["occasion"]),
        attempts=row["attempts"],
        last_error=row["last_error"],
        lease=row["lease"],
        broke_off=row["left_as"] == "sending",
        correlation=row["correlation"],
        traceparent=row["traceparent"],
    )
