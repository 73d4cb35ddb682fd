"""Fake answers of identity and organizations to the requests of notifications, on a real connection."""

from collections.abc import Callable
from typing import Any

import nats
from nats.aio.client import Client

from contracts.rpc import (
    INVITATION_LINK,
    MAIL_SECRET,
    InvitationLink,
    InvitationLinkRequest,
    MailSecret,
    MailSecretRequest,
    Reply,
    Rpc,
)
from notifications.tests.world import BUS_PASSWORD
from testing.bus import PeerBus

PASSWORD = "k7fe-2m9x-q4tz-81vd"
TOKEN = "thr_0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz"


async def connect(url: str, user: str) -> Client:
    """A connection as one of the bus's users."""
    return await nats.connect(url, user=user, password=BUS_PASSWORD, inbox_prefix=f"_INBOX_{user}")


class Answers:
    """`refusal` is answered instead when set; `asked` holds every question."""

    def __init__(self, url: str, email: str = "ada@mail.example") -> None:
        self.email = email
        self.refusal: str | None = None
        self.asked: list[Any] = []
        self._peers = [
            self._peer(url, request, answer)
            for request, answer in ((MAIL_SECRET, self._secret), (INVITATION_LINK, self._link))
        ]

    def start(self) -> None:
        """Answer from now on."""
        for peer in self._peers:
            peer.start()

    def stop(self) -> None:
        """Answer no more."""
        for peer in self._peers:
            peer.stop()

    def _peer(self, url: str, request: Rpc[Any, Any], answer: Callable[[Any], Any]) -> PeerBus:
        def reply(question: Any) -> Reply[Any]:
            self.asked.append(question)
            made: Reply[Any] = (
                request.reply(refused=self.refusal) if self.refusal else request.reply(ok=answer(question))
            )
            return made

        peer = PeerBus(url, request.owner, BUS_PASSWORD)
        peer.answer(request, reply)
        return peer

    def _secret(self, question: MailSecretRequest) -> MailSecret:
        value = PASSWORD if question.purpose == "one-time-password" else TOKEN
        return MailSecret.model_validate({"value": value, "email": self.email})

    def _link(self, question: InvitationLinkRequest) -> InvitationLink:
        return InvitationLink.model_validate({"token": TOKEN, "email": self.email})
