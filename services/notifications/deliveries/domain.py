"""A notification: one mail about one event, from the request to its end."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from eventsourcing.domain import event

from kit.errors import NotFound
from kit.eventstore.aggregate import Aggregate, Created

_NAMES = UUID("6f7d3b52-8f0c-5a53-9f1e-3d4b7a1c9e20")
_USED = frozenset({"used", "invitation-used", "invitation-declined"})
"""Reasons why a secret is unavailable that show that the recipient got it."""


class UnknownNotification(NotFound):
    code = "unknown-notification"
    title = "Notification not found"


class Notification(Aggregate):
    """One mail. Its id comes from the event and the template, so that one event gives one mail.

    It names its recipient by id and contains no personal data: addresses and names are looked up, and secrets are
    claimed, when it is sent.
    """

    TOPIC = "notifications.Notification"

    class Requested(Created):
        """`cause` is the id of the event that the mail is about, `client_id` the UUID of a client."""

        TOPIC = "notifications.Requested"
        template: str
        cause: str
        user_id: UUID | None
        invitation_id: UUID | None
        organization_id: UUID | None
        client_id: UUID | None

    class OutcomeUnknown(Aggregate.Event):
        """Attempt number `attempts` ended without an answer: the mail may have been sent, and is sent again."""

        TOPIC = "notifications.OutcomeUnknown"
        attempts: int

    class Sent(Aggregate.Event):
        """The mail server accepted it; `outcome_unknown` where an earlier attempt may have succeeded too."""

        TOPIC = "notifications.Sent"
        template: str
        cause: str
        user_id: UUID | None
        organization_id: UUID | None
        attempts: int
        outcome_unknown: bool

    class Failed(Aggregate.Event):
        """It was given up; `reason` is a kebab-case code, such as smtp-550."""

        TOPIC = "notifications.Failed"
        template: str
        cause: str
        user_id: UUID | None
        organization_id: UUID | None
        reason: str
        attempts: int

    @event(Requested)
    def __init__(
        self,
        template: str,
        cause: str,
        user_id: UUID | None,
        invitation_id: UUID | None,
        organization_id: UUID | None,
        client_id: UUID | None,
    ) -> None:
        self.template = template
        self.cause = cause
        self.user_id = user_id
        self.invitation_id = invitation_id
        self.organization_id = organization_id
        self.client_id = client_id
        self.outcome_unknown = False
        self.ended = False

    @staticmethod
    def create_id(template: str, cause: str, **_: Any) -> UUID:
        """The id of the one notification about this event by this template."""
        return uuid5(_NAMES, f"{cause}|{template}")

    @property
    def requested_at(self) -> datetime:
        """When the mail was requested."""
        return self.created_on

    def outcome_is_unknown(self, attempts: int) -> None:
        """Record that the mail may have been sent by this attempt."""
        if not self.ended:
            self._outcome_is_unknown(attempts=attempts)

    def sent(self, attempts: int) -> None:
        """Record that the mail server accepted it."""
        if not self.ended:
            self._sent(**self._facts, attempts=attempts, outcome_unknown=self.outcome_unknown)

    def failed(self, reason: str, attempts: int) -> None:
        """Record that no further attempt is made."""
        if not self.ended:
            self._failed(**self._facts, reason=reason, attempts=attempts)

    def secret_unavailable(self, reason: str, attempts: int) -> None:
        """Record that its secret is unavailable.

        Where an earlier attempt may have succeeded and the secret was used, the mail was read: that is no failure.
        """
        if self.outcome_unknown and reason in _USED:
            self.sent(attempts)
        else:
            self.failed(reason, attempts)

    @property
    def _facts(self) -> dict[str, Any]:
        return {
            "template": self.template,
            "cause": self.cause,
            "user_id": self.user_id,
            "organization_id": self.organization_id,
        }

    @event(OutcomeUnknown)
    def _outcome_is_unknown(self, attempts: int) -> None:
        self.outcome_unknown = True

    @event(Sent)
    def _sent(
        self,
        template: str,
        cause: str,
        user_id: UUID | None,
        organization_id: UUID | None,
        attempts: int,
        outcome_unknown: bool,
    ) -> None:
        self.ended = True

    @event(Failed)
    def _failed(
        self,
        template: str,
        cause: str,
        user_id: UUID | None,
        organization_id: UUID | None,
        reason: str,
        attempts: int,
    ) -> None:
        self.ended = True
