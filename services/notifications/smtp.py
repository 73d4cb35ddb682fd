"""The mail server: one mail to one recipient, and what its answer means."""

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

from notifications.messages import Mail

_TIMEOUT = 20.0  # seconds, for connecting and for each command
_DATA_TIMEOUT = 120.0  # seconds, for the answer to the whole mail; servers scan it meanwhile
_OUR_FAULT = (530, 534, 535, 538)  # the server wants other credentials or TLS: nothing about the recipient
_FAREWELL = 1.0  # seconds
_log = logging.getLogger("notifications.smtp")


class Refused(Exception):
    """The server will never take this mail. `reason` is a code, such as smtp-550."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unreached(Exception):
    """Nothing was sent, and another attempt may succeed. `reason` is a code, such as smtp-451."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BrokeOff(Exception):
    """The connection ended while the mail was handed over: the server may have it or not."""

    reason = "smtp-broke-off"


@dataclass(frozen=True)
class MailServer:
    """Where mails go, and how; `helo` is our own name."""

    host: str
    port: int
    user: str | None
    password: SecretStr | None
    tls: Literal["off", "starttls", "tls"]
    helo: str

    async def send(
        self, mail: Mail, going_out: Callable[[], Awaitable[bool]], taken: Callable[[], Awaitable[None]]
    ) -> None:
        """Hand a mail over.

        `going_out` is asked when all that remains is the mail itself; when it says no, nothing is sent.
        `taken` is called once the server has the mail, before anything else that could fail.
        Raises Refused, Unreached and BrokeOff.
        """
        async with self._connected() as server:
            with _meanings():
                await _address(server, mail)
            if await going_out():
                await _hand_over(server, mail)
                await taken()

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
        with _meanings():
            await server.connect()
            await server.ehlo()
        try:
            yield server
        finally:
            with suppress(SMTPException, OSError):
                await server.quit(timeout=_FAREWELL)
            server.close()


async def _address(server: SMTP, mail: Mail) -> None:
    if mail.utf8 and not server.supports_extension("SMTPUTF8"):
        raise Refused("smtputf8-not-offered")
    options = ["SMTPUTF8"] if mail.utf8 else []
    await server.mail(mail.sender, options=options)
    await server.rcpt(mail.recipient, encoding="utf-8")


async def _hand_over(server: SMTP, mail: Mail) -> None:
    try:
        await server.data(mail.content, timeout=_DATA_TIMEOUT)
    except SMTPDataError as error:
        raise _answer(error, about_the_mail=True) from None
    except (SMTPException, OSError):
        raise BrokeOff from None


@contextmanager
def _meanings() -> Iterator[None]:
    """What goes wrong before the mail itself: nothing was sent."""
    try:
        yield
    except SMTPRecipientRefused as error:
        raise _answer(error, about_the_mail=True) from None
    except SMTPResponseException as error:
        _log.warning("the mail server answers %d", error.code)
        raise _answer(error, about_the_mail=False) from None
    except SMTPTimeoutError:
        _log.warning("the mail server does not answer in time")
        raise Unreached("smtp-timeout") from None
    except (SMTPException, OSError) as error:
        _log.warning("the mail server is out of reach: %s", error)
        raise Unreached("smtp-unreachable") from None


def _answer(error: SMTPResponseException, *, about_the_mail: bool) -> Refused | Unreached:
    """4xx passes by itself (RFC 5321, 4.2.1); 5xx is final where it is about recipient or content."""
    final = about_the_mail and error.code >= 500 and error.code not in _OUR_FAULT
    return Refused(f"smtp-{error.code}") if final else Unreached(f"smtp-{error.code}")
