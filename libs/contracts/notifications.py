"""Events of the notifications context: what became of a mail."""

from typing import ClassVar
from uuid import UUID

from contracts.event import Code, Event


class NotificationEvent(Event):
    """What every event of a notification tells; `cause` is the id of the event that it is about.

    `user_id` is the recipient where it is a user, `organization_id` whose business it is, if any's.
    """

    context: ClassVar[str] = "notifications"
    notification_id: UUID
    template: Code
    cause: str
    user_id: UUID | None = None
    organization_id: UUID | None = None


class NotificationSent(NotificationEvent):
    """The mail server took the mail; `outcome_unknown` where a crash in mid-send hides whether twice."""

    attempts: int
    outcome_unknown: bool = False


class NotificationFailed(NotificationEvent):
    """The mail was given up."""

    reason: Code
    attempts: int
