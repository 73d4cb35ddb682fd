"""A signed-in connection over either transport: one request at a time, each with a deadline."""

import asyncio
import ipaddress
import os
import re
import secrets
import socket
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from metatrader.codes import SERVER_BAD, refusal
from metatrader.credentials import PasswordHash
from metatrader.errors import (
    ConnectionFailed,
    ConnectionLost,
    InvalidValue,
    MetaTraderError,
    ProtocolError,
    ShuttingDown,
    SignInRefused,
    TimedOut,
)
from metatrader.mt5.answers import Answer

AGENT = "Tradehall"
VERSION = 3211
RAND = 16
SIGN_IN_LIMIT = 10.0
"""The server waits so many seconds for the second step."""


@dataclass(frozen=True)
class Command:
    """`repeatable`: may be sent again when its answer was lost. `secret`: its parameters stay out of URLs."""

    name: str
    params: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True
    secret: bool = False


@dataclass(frozen=True)
class Target:
    """Where to connect. `address`, when given, is dialled instead of what `host` resolves to."""

    host: str
    port: int
    address: str | None = None

    def __post_init__(self) -> None:
        if not _is_host(self.host):
            raise InvalidValue("host: give a host name or an IP address")
        if not 0 < self.port < 65536:
            raise InvalidValue("port: give 1 to 65535")
        if self.address is not None and not _is_address(self.address):
            raise InvalidValue("address: give an IP address")

    @property
    def dialled(self) -> str:
        return self.address or self.host


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_host(text: str) -> bool:
    """Whether the text can be resolved and put into a URL: no character in it ends the host there."""
    try:
        labels = text.encode("idna")
    except UnicodeError:
        return False
    return bool(re.fullmatch(rb"[A-Za-z0-9_.-]+", labels)) or _is_address(text)


class Session(ABC):
    """Once `broken` is true, only `close` may be called: the connection is lost or in an unknown state."""

    def __init__(self, *, timeout: float, connect_timeout: float) -> None:
        self.broken = False
        self._timeout = timeout
        self._connect_timeout = connect_timeout

    async def open(self, login: int, password: PasswordHash) -> None:
        """Connects and signs in; raises ConnectionFailed, TimedOut, SignInRefused and other Refused, ProtocolError."""
        async with self._deadline("connect", self._connect_timeout):
            await self._connect()
        async with self._deadline("sign in", min(self._timeout, SIGN_IN_LIMIT)):
            try:
                await self._sign_in(login, password)
            except ConnectionLost as error:
                raise ConnectionFailed("the server hung up during the sign-in") from error

    async def call(self, command: Command) -> Answer:
        """Raises Refused, ConnectionLost, TimedOut or ProtocolError; after the last three the session is broken."""
        async with self._deadline(command.name, self._timeout):
            return await self._exchange(command)

    async def ping(self) -> None:
        async with self._deadline("ping", self._timeout):
            await self._keep_alive()

    @abstractmethod
    async def close(self) -> None: ...

    @abstractmethod
    async def _connect(self) -> None: ...

    @abstractmethod
    async def _sign_in(self, login: int, password: PasswordHash) -> None: ...

    @abstractmethod
    async def _exchange(self, command: Command) -> Answer: ...

    @abstractmethod
    async def _keep_alive(self) -> None: ...

    @asynccontextmanager
    async def _deadline(self, what: str, seconds: float) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError as error:
            self.broken = True
            raise TimedOut(f"{what}: no answer within {seconds:g} s") from error
        except (SignInRefused, ShuttingDown):
            self.broken = True
            raise
        except MetaTraderError as error:
            self.broken = self.broken or isinstance(error, ProtocolError)
            raise
        except BaseException:
            self.broken = True  # a cancelled request leaves an answer on its way
            raise


def os_reason(error: OSError) -> str:
    """Why the connection failed, as the system reports it; asyncio's message contains only the address."""
    if isinstance(error, socket.gaierror) or not error.errno:
        return error.strerror or str(error)
    return os.strerror(error.errno)


def start_params(login: int, crypt_method: str | None) -> dict[str, str]:
    params = {"VERSION": str(VERSION), "AGENT": AGENT, "LOGIN": str(login), "TYPE": "MANAGER"}
    return params | ({"CRYPT_METHOD": crypt_method} if crypt_method else {})


def challenge(start: Answer) -> bytes:
    srv_rand = start.hexadecimal("SRV_RAND")
    if len(srv_rand) != RAND:
        raise ProtocolError("AUTH_START: SRV_RAND does not have 16 bytes")
    return srv_rand


def answer_params(password: PasswordHash, srv_rand: bytes) -> tuple[dict[str, str], bytes]:
    """The parameters of the second step, and CLI_RAND, which the server must answer."""
    cli_rand = secrets.token_bytes(RAND)
    return {"SRV_RAND_ANSWER": password.answer(srv_rand).hex(), "CLI_RAND": cli_rand.hex()}, cli_rand


def verify_server(password: PasswordHash, cli_rand: bytes, answer: Answer) -> None:
    """Raises ServerNotProven when the server's answer does not prove that it knows the password."""
    if not password.proves(cli_rand, answer.hexadecimal("CLI_RAND_ANSWER")):
        raise refusal(SERVER_BAD, "AUTH_ANSWER", "the server does not know the password")
