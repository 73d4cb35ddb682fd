"""Sends one message to one recipient by SMTP, and translates the server's answers to outcomes."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPTimeoutError,
)
from pydantic import SecretStr

from notifications.deliveries.message import Message
from notifications.outcomes import OutcomeUnknown, RetryLater, Undeliverable

_TIMEOUT = 20.0  # seconds, for connecting and for each command
_DATA_TIMEOUT = 120.0  # seconds, for the answer to the whole mail; servers scan it first
_CONFIGURATION_ERRORS = (530, 534, 535, 538)  # other credentials or TLS are needed: not the recipient's fault
_QUIT_TIMEOUT = 1.0  # seconds
_log = logging.getLogger("notifications.smtp")


@dataclass(frozen=True)
class MailServer:
    """Where mails are sent, and how; `helo` is the host name that we present."""

    host: str
    port: int
    user: str | None
    password: SecretStr | None
    tls: Literal["off", "starttls", "tls"]
    helo: str

    async def send(
        self, message: Message, may_send: Callable[[], Awaitable[bool]], on_accepted: Callable[[], Awaitable[None]]
    ) -> None:
        """Send a message.

        `may_send` is called when only the content remains to be transferred; if it returns False, nothing is sent.
        `on_accepted` is called once the server has accepted the message, before anything else that could fail.
        Raises Undeliverable, RetryLater and OutcomeUnknown, with reasons such as smtp-550.
        """
        async with self._connected() as server:
            with _outcomes():
                await _envelope(server, message)
            if await may_send():
                await _transfer(server, message)
                await on_accepted()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[SMTP]:
        server = SMTP(
            hostname=self.host,
            port=self.port,
            username=self.user or None,
            password=self.password.get_secret_value() if self.password else None,
            use_tls=self.tls == "tls",
            start_tls=self.tls == "starttls",
            local_hostname=self.helo,
            timeout=_TIMEOUT,
        )
        with _outcomes():
            await server.connect()
            await server.ehlo()
        try:
            yield server
        finally:
            with suppress(SMTPException, OSError):
                await server.quit(timeout=_QUIT_TIMEOUT)
            server.close()


async def _envelope(server: SMTP, message: Message) -> None:
    if message.utf8 and not server.supports_extension("SMTPUTF8"):
        raise Undeliverable("smtputf8-not-offered")
    options = ["SMTPUTF8"] if message.utf8 else []
    await server.mail(message.sender, options=options)
    await server.rcpt(message.recipient, encoding="utf-8")


async def _transfer(server: SMTP, message: Message) -> None:
    try:
        await server.data(message.content, timeout=_DATA_TIMEOUT)
    except SMTPDataError as error:
        raise _outcome(error, about_the_mail=True) from None
    except (SMTPException, OSError):
        raise OutcomeUnknown("smtp-broke-off") from None


@contextmanager
def _outcomes() -> Iterator[None]:
    """Translate errors before the content is transferred: nothing was sent."""
    try:
        yield
    except SMTPRecipientRefused as error:
        raise _outcome(error, about_the_mail=True) from None
    except SMTPResponseException as error:
        _log.warning("the mail server answers %d", error.code)
        raise _outcome(error, about_the_mail=False) from None
    except SMTPTimeoutError:
        _log.warning("the mail server does not answer in time")
        raise RetryLater("smtp-timeout") from None
    except (SMTPException, OSError) as error:
        _log.warning("the mail server is unreachable: %s", error)
        raise RetryLater("smtp-unreachable") from None


def _outcome(error: SMTPResponseException, *, about_the_mail: bool) -> Undeliverable | RetryLater:
    """4xx is temporary (RFC 5321, section 4.2.1); 5xx is permanent where it is about the recipient or the content."""
    permanent = about_the_mail and error.code >= 500 and error.code not in _CONFIGURATION_ERRORS
    return Undeliverable(f"smtp-{error.code}") if permanent else RetryLater(f"smtp-{error.code}")
