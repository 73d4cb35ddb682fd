"""The table of notifications: every mail, what became of it, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from psycopg import Cursor

from kit.eventstore.store import Recorded
from kit.eventstore.views import Views, on
from notifications import copies, deliveries
from notifications.domain import Notification

SCHEMA: tuple[tuple[str, str], ...] = (
    (
        "notifications-1",
        """
        CREATE TABLE notifications (
            id uuid PRIMARY KEY, template text NOT NULL, cause text NOT NULL,
            user_id uuid, invitation_id uuid, organization_id uuid, client_id uuid,
            correlation text, state text NOT NULL,
            attempts integer NOT NULL, reason text, outcome_unknown boolean NOT NULL,
            requested_at timestamptz NOT NULL, ended_at timestamptz);
        CREATE INDEX notifications_requested ON notifications (requested_at, id);
        CREATE INDEX notifications_state ON notifications (state, requested_at, id);
        CREATE INDEX notifications_client ON notifications (client_id) WHERE client_id IS NOT NULL;
        """,
    ),
    ("notifications-deliveries-1", deliveries.SCHEMA),
    ("notifications-copies-1", copies.SCHEMA),
)


@dataclass(frozen=True)
class NotificationRow:
    """One mail. `state` is requested, sent or failed; `reason` a code: why it failed, or failed last.

    `outcome_unknown`: an attempt broke off where the mail may be out. `due_at` is the next attempt's time.
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


class NotificationViews(Views):
    """Who was written to, and whether it worked."""

    tables: ClassVar = ("notifications",)

    def latest(
        self, limit: int = 50, state: str | None = None, before: tuple[datetime | str, UUID] | None = None
    ) -> Sequence[NotificationRow]:
        """The newest mails first, those in one state or all; `before` is the time and id of the last one seen."""
        time, last = before or ("infinity", UUID(int=2**128 - 1))
        rows = self.database.all(
            _ROWS + "WHERE (%(state)s::text IS NULL OR n.state = %(state)s) "
            "AND (n.requested_at, n.id) < (%(time)s::timestamptz, %(last)s) "
            "ORDER BY n.requested_at DESC, n.id DESC LIMIT %(limit)s",
            {"state": state, "time": time, "last": last, "limit": limit},
        )
        return [NotificationRow(**row) for row in rows]

    def find(self, notification_id: UUID) -> NotificationRow | None:
        """One mail, if there is such a one."""
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
