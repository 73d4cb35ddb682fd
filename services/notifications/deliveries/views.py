"""The table of notifications: every mail with its state."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

from psycopg import Cursor

from kit.db.migrations import read
from kit.eventstore.projection import Projection, on
from kit.eventstore.store import Recorded
from kit.http.pagination import TimeAndId
from notifications.deliveries.domain import Notification

SCHEMA = read(Path(__file__).with_name("schema.sql"))


@dataclass(frozen=True)
class NotificationRow:
    """One mail. `state` is requested, sent or failed; `reason` is the code of the last failed attempt.

    `outcome_unknown`: an attempt was interrupted when the mail may have been sent. `due_at` is the time of the next
    attempt.
    """

    id: UUID
    template: str
    cause: str
    user_id: UUID | None
    invitation_id: UUID | None
    organization_id: UUID | None
    client_id: UUID | None
    state: str
    attempts: int
    reason: str | None
    outcome_unknown: bool
    requested_at: datetime
    ended_at: datetime | None
    due_at: datetime | None


_ROWS = """
SELECT n.id, n.template, n.cause, n.user_id, n.invitation_id, n.organization_id, n.client_id, n.state,
    coalesce(d.attempts, n.attempts) AS attempts, coalesce(n.reason, d.last_error) AS reason,
    n.outcome_unknown, n.requested_at, n.ended_at, d.due_at
FROM notifications n LEFT JOIN deliveries d ON d.notification_id = n.id
"""


class NotificationViews(Projection):
    """Reads and maintains the table."""

    tables: ClassVar = ("notifications",)

    def latest(
        self, limit: int = 50, state: str | None = None, before: TimeAndId | None = None
    ) -> Sequence[NotificationRow]:
        """Mails in one state, or all, the newest first; `before` is the time and id of the last one already read."""
        time, last = before or ("infinity", UUID(int=2**128 - 1))
        rows = self.database.all(
            _ROWS + "WHERE (%(state)s::text IS NULL OR n.state = %(state)s) "
            "AND (n.requested_at, n.id) < (%(time)s::timestamptz, %(last)s) "
            "ORDER BY n.requested_at DESC, n.id DESC LIMIT %(limit)s",
            {"state": state, "time": time, "last": last, "limit": limit},
        )
        return [NotificationRow(**row) for row in rows]

    def find(self, notification_id: UUID) -> NotificationRow | None:
        """One mail; None where there is none with this id."""
        row = self.database.one(_ROWS + "WHERE n.id = %s", (notification_id,))
        return NotificationRow(**row) if row else None

    @on(Notification.Requested)
    def _requested(self, cursor: Cursor[Any], event: Notification.Requested, recorded: Recorded) -> None:
        cursor.execute(
            "INSERT INTO notifications (id, template, cause, user_id, invitation_id, organization_id, "
            "client_id, correlation, state, attempts, outcome_unknown, requested_at) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'requested', 0, false, %s)",
            (
                event.originator_id,
                event.template,
                event.cause,
                event.user_id,
                event.invitation_id,
                event.organization_id,
                event.client_id,
                event.correlation,
                recorded.time,
            ),
        )

    @on(Notification.OutcomeUnknown)
    def _unknown(self, cursor: Cursor[Any], event: Notification.OutcomeUnknown, recorded: Recorded) -> None:
        cursor.execute(
            "UPDATE notifications SET outcome_unknown = true, attempts = %s WHERE id = %s",
            (event.attempts, event.originator_id),
        )

    @on(Notification.Sent)
    def _sent(self, cursor: Cursor[Any], event: Notification.Sent, recorded: Recorded) -> None:
        cursor.execute(
            "UPDATE notifications SET state = 'sent', attempts = %s, ended_at = %s WHERE id = %s",
            (event.attempts, recorded.time, event.originator_id),
        )

    @on(Notification.Failed)
    def _failed(self, cursor: Cursor[Any], event: Notification.Failed, recorded: Recorded) -> None:
        cursor.execute(
            "UPDATE notifications SET state = 'failed', attempts = %s, reason = %s, ended_at = %s WHERE id = %s",
            (event.attempts, event.reason, recorded.time, event.originator_id),
        )
