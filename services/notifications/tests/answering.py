"""Identity and organizations as far as mails ask them: answers to the two requests, on a real connection."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg

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
from notifications.tests.parts import BUS_PASSWORD

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
        self._url = url
        self._connections: list[Client] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)

    def stop(self) -> None:
        """Answer no more."""
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _listen(self) -> None:
        for rpc, answer in ((MAIL_SECRET, self._secret), (INVITATION_LINK, self._link)):
            connection = await connect(self._url, rpc.owner)
            self._connections.append(connection)
            await connection.subscribe(rpc.subject, cb=self._reply(rpc, answer))
            await connection.flush()

    async def _hang_up(self) -> None:
        for connection in self._connections:
            await connection.close()

    def _reply(self, rpc: Rpc[Any, Any], answer: Callable[[Any], Any]) -> Any:
        async def reply(message: Msg) -> None:
            question = rpc.request.model_validate_json(message.data)
            self.asked.append(question)
            said: Reply[Any] = rpc.reply(refused=self.refusal) if self.refusal else rpc.reply(ok=answer(question))
            await message.respond(said.model_dump_json().encode())

        return reply

    def _secret(self, question: MailSecretRequest) -> MailSecret:
        value = PASSWORD if question.purpose == "one-time-password" else TOKEN
        return MailSecret.model_validate({"value": value, "email": self.email})

    def _link(self, question: InvitationLinkRequest) -> InvitationLink:
        return InvitationLink.model_validate({"token": TOKEN, "email": self.email})
