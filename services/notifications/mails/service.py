"""The interface to other slices: the events that send mails, and composing one from its stored context."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from pydantic import ValidationError

from contracts.subscriptions import Subscriptions
from kit.messaging.bus import Bus
from notifications.mails.composer import Composer
from notifications.mails.context import MailContext
from notifications.mails.definition import Request
from notifications.mails.registry import MAILS
from notifications.mails.rendering import RenderedMail
from notifications.outcomes import Undeliverable
from notifications.recipients.service import Recipients

__all__ = ["MailContext", "Mails", "RenderedMail", "subscriptions"]

_PATIENCE = timedelta(minutes=1)
"""How long after its event a mail waits for a name that has not arrived here yet."""


def subscriptions(request: Request) -> Subscriptions:
    """The handlers of all events that lead to mails."""
    table = Subscriptions()
    for mail in MAILS.values():
        table.include(mail.subscriptions(request))
    return table


class Mails:
    """`public_url` begins every link; `clock` gives the time in UTC."""

    def __init__(self, bus: Bus, recipients: Recipients, public_url: str, clock: Callable[[], datetime]) -> None:
        self._bus = bus
        self._recipients = recipients
        self._public_url = public_url
        self._clock = clock

    def context(self, name: str, stored: Mapping[str, Any]) -> MailContext:
        """The stored context of a mail. Raises Undeliverable."""
        mail = MAILS.get(name)
        if mail is None:
            raise Undeliverable("unknown-template")
        try:
            context: MailContext = mail.context.model_validate(stored)
        except ValidationError as error:
            raise Undeliverable("incomplete-event") from error
        return context

    async def compose(self, name: str, context: MailContext) -> RenderedMail:
        """The mail as it is now. Raises RetryLater, Undeliverable, SecretUnavailable, psycopg.OperationalError."""
        is_patient = partial(self._is_patient, context)
        return await context.compose(Composer(name, self._bus, self._recipients, self._public_url, is_patient))

    def _is_patient(self, context: MailContext) -> bool:
        return self._clock() < context.at + _PATIENCE
