"""Look-ups and claims for a mail when it is sent."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote
from uuid import UUID

from contracts.event import Message
from contracts.rpc import Rpc
from kit.messaging.bus import Bus, BusUnavailable
from notifications.mails.names import display_name
from notifications.mails.rendering import RenderedMail, render
from notifications.outcomes import RetryLater, SecretUnavailable, Undeliverable
from notifications.recipients.service import Recipients

_UNKNOWN_USER = "Somebody"
_UNKNOWN_ORGANIZATION = "an organization"
Q = TypeVar("Q", bound=Message)
A = TypeVar("A")


@dataclass(frozen=True)
class Composer:
    """For one mail, by its name. `public_url` begins every link.

    `is_patient` says whether the mail still waits for names that have not arrived: events of two services come in
    no given order.
    """

    mail: str
    bus: Bus
    recipients: Recipients
    public_url: str
    is_patient: Callable[[], bool]

    def render(self, address: str, **values: object) -> RenderedMail:
        """The mail to `address`; `values` are what its template shows."""
        return render(self.mail, address, self.public_url, values)

    async def address(self, user_id: UUID) -> str:
        """A user's address as typed. Raises RetryLater and Undeliverable."""
        user = await asyncio.to_thread(self.recipients.user, user_id)
        if user is None:
            raise RetryLater("recipient-not-known-yet")
        if user.email is None:
            raise Undeliverable("recipient-erased")
        return user.email

    async def user_name(self, user_id: UUID) -> str:
        """A user's name, or their address where they have no name. Raises RetryLater."""
        user = await asyncio.to_thread(self.recipients.user, user_id)
        if user is None and self.is_patient():
            raise RetryLater("person-not-known-yet")
        return display_name((user and (user.name or user.email)) or _UNKNOWN_USER)

    async def organization_name(self, organization_id: UUID, otherwise: str | None = None) -> str:
        """An organization's present name, or `otherwise` while it is not known. Raises RetryLater."""
        name = await asyncio.to_thread(self.recipients.organization_name, organization_id) or otherwise
        if name is None and self.is_patient():
            raise RetryLater("organization-not-known-yet")
        return display_name(name or _UNKNOWN_ORGANIZATION)

    async def claim(self, rpc: Rpc[Q, A], request: Q) -> A:
        """Ask the service that owns a secret for it; it is kept nowhere here.

        Raises RetryLater and SecretUnavailable.
        """
        try:
            reply = await self.bus.ask(rpc.subject, request, rpc.reply)
        except BusUnavailable as error:
            raise RetryLater(error.code) from error
        if reply.ok is None:
            raise SecretUnavailable(reply.refused or "no-longer-due")
        return reply.ok

    def link(self, path: str, token: str = "") -> str:
        """The address of a page of this installation."""
        return f"{self.public_url}{path}{quote(token, safe='')}"
