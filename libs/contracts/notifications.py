"""Events of the notifications context: the outcome of a mail."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from contracts.event import Code, Event


class NotificationEvent(Event):
    """Fields of every event of a notification."""

    context: ClassVar[str] = "notifications"
    notification_id: UUID = Field(description="Id of the notification; the mail's Message-ID begins with it.")
    template: Code = Field(description="The kind of mail, such as `invitation`.")
    cause: str = Field(description="Id of the event that the mail is about.")
    user_id: UUID | None = Field(default=None, description="The recipient; null if the address has no account.")
    organization_id: UUID | None = Field(
        default=None, description="The organization that the mail is about; null if there is none."
    )


class NotificationSent(NotificationEvent):
    """The mail server accepted a mail."""

    attempts: int = Field(description="Number of attempts to send the mail.")
    outcome_unknown: bool = Field(
        default=False, description="Whether an interrupted attempt may have sent the mail once more."
    )


class NotificationFailed(NotificationEvent):
    """A mail could not be sent."""

    reason: Code = Field(description="Why, such as `smtp-550`.")
    attempts: int = Field(description="Number of attempts to send the mail.")
