"""A mail: its name, its context, and the events that lead to it."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from contracts.envelope import Envelope
from contracts.event import Event
from contracts.subscriptions import Subscriptions
from notifications.mails.context import MailContext

C = TypeVar("C", bound=MailContext)
E = TypeVar("E", bound=Event)
Request = Callable[[str, str, MailContext], None]
"""Queues a mail, by its name, about an event, by its id, with the mail's context."""


class Mail(Generic[C]):
    """`name` is stored with every notification and never changes; the folder has it with underscores."""

    def __init__(self, name: str, context: type[C]) -> None:
        self.name = name
        self.context = context
        self._contexts: list[tuple[type[Event], Callable[[Envelope[Any]], C | None]]] = []

    def on(self, event: type[E], context_of: Callable[[Envelope[E]], C | None]) -> None:
        """Subscribe to an event; `context_of` makes the mail's context from it, or None where no mail is due."""
        self._contexts.append((event, context_of))

    def subscriptions(self, request: Request) -> Subscriptions:
        """The handlers that request this mail."""
        table = Subscriptions()
        for event, context_of in self._contexts:
            table.on(event, self._handler(context_of, request))
        return table

    def _handler(
        self, context_of: Callable[[Envelope[Any]], C | None], request: Request
    ) -> Callable[[Envelope[Any]], None]:
        def handle(envelope: Envelope[Any]) -> None:
            context = context_of(envelope)
            if context is not None:
                request(self.name, envelope.id, context)

        return handle
