"""An SMTP server that stores accepted mails and fails on request."""

import asyncio
import email
import threading
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from embedded.ports import free_port


@dataclass(frozen=True)
class ReceivedMail:
    """A mail as it arrived."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """Headers and parts."""
        parsed = email.message_from_bytes(self.content, policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def text(self) -> str:
        """The plain form."""
        return self._part("plain")

    @property
    def html(self) -> str:
        """The HTML form."""
        return self._part("html")

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        assert part is not None
        return str(part.get_content()).replace("\r\n", "\n")


@dataclass
class FakeSmtpServer:
    """`to_recipient` and `to_mail` are answers instead of taking it; `drops` hangs up: after-354 or after-mail.

    With `holds` set, the answer to a mail waits until `released` is.
    """

    to_recipient: str | None = None
    to_mail: str | None = None
    drops: str | None = None
    holds: bool = False
    smtputf8: bool = True
    server_options: dict[str, Any] = field(default_factory=dict)
    letters: list[ReceivedMail] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Event = field(default_factory=threading.Event)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.port = free_port()
        self._controller: Controller | None = None

    def start(self) -> None:
        """Listen; may be called again after stop."""
        self._controller = _Controller(self)
        self._controller.start()

    def stop(self) -> None:
        """Be down."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def only(self) -> ReceivedMail:
        """The only mail there is."""
        [letter] = self.letters
        return letter

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.released.set()
        self.stop()

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.to_recipient:
            return self.to_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.to_mail:
            return self.to_mail
        content = envelope.original_content
        assert content is not None
        self.letters.append(ReceivedMail(str(envelope.mail_from), tuple(map(str, envelope.rcpt_tos)), content))
        self.arrived.set()
        if self.drops == "after-mail":
            _hang_up(server)
        if self.holds:
            await asyncio.to_thread(self.released.wait)
        return "250 OK"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        """Accept every login, and keep it."""
        self.logins.append((data.login, data.password))
        return AuthResult(success=True)


class _Controller(Controller):
    def __init__(self, room: FakeSmtpServer) -> None:
        self._room = room
        super().__init__(room, hostname="127.0.0.1", port=room.port)

    def factory(self) -> SMTP:
        return _Server(
            self._room, hostname="smtp_server.test", enable_SMTPUTF8=self._room.smtputf8, **self._room.server_options
        )


class _Server(SMTP):
    async def smtp_DATA(self, arg: str) -> None:
        if self.event_handler.drops == "after-354":
            await self.push("354 go on")
            _hang_up(self)
            return
        await super().smtp_DATA(arg)


def _hang_up(server: SMTP) -> None:
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.abort()
