"""The queue of mails to send: rows that any replica of the service takes, one at a time, under a lease."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from kit.context import cause
from kit.db.database import Database, Row
from notifications.mails.service import MailContext

LEASE = timedelta(seconds=6)
"""Renewed while an attempt lasts; a row of a process that died is free after this time."""


@dataclass(frozen=True)
class Delivery:
    """One attempt to send a mail, by one worker.

    `context` is the mail's context as stored. `interrupted`: the attempt before this one ended, with its process,
    while the mail may have been sent.
    """

    notification_id: UUID
    template: str
    cause: str
    context: Mapping[str, Any]
    attempts: int
    last_error: str | None
    lease: UUID
    interrupted: bool
    correlation: str | None
    traceparent: str | None


class Deliveries:
    """The rows of table `deliveries`. Every change names the lease, so that a worker that lost it changes nothing.

    `due_at` is also the end of the lease of a row that is taken or being sent. Column `occasion` has the context.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, notification_id: UUID, template: str, event_id: str, context: MailContext, due_at: datetime) -> None:
        """Queue a mail, with the correlation and trace of the request that led to it."""
        now = cause()
        self._database.execute(
            "INSERT INTO deliveries "
            "(notification_id, template, cause, occasion, due_at, correlation, traceparent) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (
                notification_id,
                template,
                event_id,
                context.model_dump_json(exclude_none=True),
                due_at,
                now.correlation,
                now.traceparent,
            ),
        )

    def take(self, now: datetime) -> Delivery | None:
        """Take the mail that has been due longest, for one attempt; None where none is due."""
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
        """Mark the mail as being sent: a crash now leaves the outcome unknown. False if the lease was lost."""
        return self._changed(delivery, "state = 'sending', due_at = %s", now + LEASE)

    def extend(self, delivery: Delivery, now: datetime) -> None:
        """Renew the lease."""
        self._changed(delivery, "due_at = %s", now + LEASE)

    def retry_at(self, delivery: Delivery, reason: str, due_at: datetime) -> bool:
        """Return the mail to the queue until `due_at`. False if the lease was lost."""
        return self._changed(delivery, "state = 'waiting', lease = NULL, last_error = %s, due_at = %s", reason, due_at)

    def remove(self, delivery: Delivery) -> bool:
        """Remove the mail from the queue. False if the lease was lost."""
        return bool(
            self._database.execute(
                "DELETE FROM deliveries WHERE notification_id = %s AND lease = %s",
                (delivery.notification_id, delivery.lease),
            )
        )

    def _changed(self, delivery: Delivery, change: str, *values: object) -> bool:
        query = f"UPDATE deliveries SET {change} WHERE notification_id = %s AND lease = %s"  # noqa: S608 - no input
        return bool(self._database.execute(query, (*values, delivery.notification_id, delivery.lease)))


def _delivery(row: Row) -> Delivery:
    return Delivery(
        notification_id=row["notification_id"],
        template=row["template"],
        cause=row["cause"],
        context=row["occasion"],
        attempts=row["attempts"],
        last_error=row["last_error"],
        lease=row["lease"],
        interrupted=row["left_as"] == "sending",
        correlation=row["correlation"],
        traceparent=row["traceparent"],
    )
