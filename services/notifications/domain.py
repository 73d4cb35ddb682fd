"""A notification: one mail about one event, from the wish to its end."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from eventsourcing.domain import event

from kit.errors import NotFound
from kit.eventstore.aggregate import Aggregate, Created

_NAMES = UUID("6f7d3b52-8f0c-5a53-9f1e-3d4b7a1c9e20")
_READ = frozenset({"used", "invitation-used", "invitation-declined"})
"""Why a mail is no longer due, where somebody has done with it what it asks for."""


class UnknownNotification(NotFound):
    code = "unknown-notification"
    title = "There is no such notification"


class Notification(Aggregate):
    """One mail. Its id comes from the event and the template, so that one event gives one mail.

    It names its recipient by id and holds nothing personal: addresses and names are looked up when it is
    sent, secrets are claimed then.
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
        """Attempt number `attempts` ended without an answer: the mail may be out, and is sent once more."""

        TOPIC = "notifications.OutcomeUnknown"
        attempts: int

    class Sent(Aggregate.Event):
        """The mail server took it; `outcome_unknown` when an earlier attempt may have got through too."""

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
        """When the mail was wished for."""
        return self.created_on

    def outcome_is_unknown(self, attempts: int) -> None:
        """The attempt broke off where the mail may already be out."""
        if not self.ended:
            self._outcome_is_unknown(attempts=attempts)

    def sent(self, attempts: int) -> None:
        """The mail server has it."""
        if not self.ended:
            self._sent(**self._facts, attempts=attempts, outcome_unknown=self.outcome_unknown)

    def failed(self, reason: str, attempts: int) -> None:
        """No further attempt is made."""
        if not self.ended:
            self._failed(**self._facts, reason=reason, attempts=attempts)

    def spent(self, reason: str, attempts: int) -> None:
        """Its secret is no longer due. Where an earlier attempt may have got through and the secret was used, the
        mail was read: no failure to alarm anybody with."""
        if self.outcome_unknown and reason in _READ:
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
