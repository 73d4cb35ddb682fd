"""Clients: a pool of signed-in connections behind the commands."""

import asyncio
import random
from abc import abstractmethod
from contextlib import suppress
from datetime import UTC, tzinfo
from types import TracebackType
from typing import Self

from metatrader.credentials import PasswordHash, password_hash
from metatrader.errors import ConnectionLost, InvalidValue, MetaTraderError, TooFrequent
from metatrader.mt5.answers import Answer
from metatrader.mt5.commands import Commands
from metatrader.mt5.https import HttpsSession, tls_context
from metatrader.mt5.session import Command, Session, Target
from metatrader.mt5.tcp import TcpSession

ATTEMPTS = 3
KEEP_ALIVE = 20.0
MAX_ANSWER = 16 * 1024 * 1024


class Mt5Client(Commands):
    """Use as `async with`: entering signs in once, so that wrong credentials show at once.

    Up to `connections` requests run at a time, each on a connection of its own. A read whose connection was lost, or
    that was rate-limited, is tried up to three times. After a permanent refusal of the sign-in nothing more is sent, so
    that the manager is not locked out: make a new client for new credentials.
    """

    def __init__(
        self, login: int, password: str | PasswordHash, *, zone: tzinfo, connections: int, keep_alive: float
    ) -> None:
        super().__init__(zone, connections)
        if connections < 1:
            raise InvalidValue("connections: give at least 1")
        self._login = login
        self._hash = password_hash(password)
        self._slots = asyncio.Semaphore(connections)
        self._opening = asyncio.Lock()
        self._idle: list[Session] = []
        self._sessions: set[Session] = set()
        self._refused: MetaTraderError | None = None
        self._interval = keep_alive
        self._keeper: asyncio.Task[None] | None = None

    @abstractmethod
    def _session(self) -> Session: ...

    async def __aenter__(self) -> Self:
        """Raises ConnectionFailed, TlsFailed, TimedOut, Refused (see `errors`) or ProtocolError."""
        self._idle.append(await self._open())
        self._keeper = asyncio.create_task(self._keep_alive(), name="metatrader keep-alive")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        self._idle.clear()
        while self._sessions:
            await self._sessions.pop().close()

    async def _call(self, command: Command) -> Answer:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._once(command)
            except (ConnectionLost, TooFrequent):
                if attempt == ATTEMPTS or not command.repeatable:
                    raise
            await asyncio.sleep(random.uniform(0.05, 0.1) * 2**attempt)  # noqa: S311 - spreads load, hides nothing
        raise AssertionError("unreachable")

    async def _once(self, command: Command) -> Answer:
        async with self._slots:
            session = self._idle.pop() if self._idle else await self._open()
            try:
                return await session.call(command)
            finally:
                await self._put_back(session)

    async def _put_back(self, session: Session) -> None:
        if session.broken:
            self._sessions.discard(session)
            await session.close()
        else:
            self._idle.append(session)

    async def _open(self) -> Session:
        async with self._opening:  # one at a time: a wrong password is tried once, not once per connection
            if self._refused is not None:
                raise self._refused
            session = self._session()
            try:
                await session.open(self._login, self._hash)
            except BaseException as error:
                if isinstance(error, MetaTraderError) and error.permanent:
                    self._refused = error
                await session.close()
                raise
            self._sessions.add(session)
            return session

    async def _keep_alive(self) -> None:
        """The server cuts a connection after 120 s without a packet."""
        while True:
            await asyncio.sleep(self._interval)
            for session in tuple(self._idle):
                async with self._slots:
                    if session not in self._idle:
                        continue
                    self._idle.remove(session)
                    try:
                        with suppress(MetaTraderError):
                            await session.ping()
                    finally:
                        await self._put_back(session)


class Mt5TcpClient(Mt5Client):
    """MetaTrader 5 Web API over TCP."""

    def __init__(
        self,
        host: str,
        port: int = 443,
        *,
        login: int,
        password: str | PasswordHash,
        address: str | None = None,
        zone: tzinfo = UTC,
        encrypt: bool = True,
        connections: int = 1,
        timeout: float = 30.0,
        connect_timeout: float = 5.0,
        keep_alive: float = KEEP_ALIVE,
        max_answer: int = MAX_ANSWER,
    ) -> None:
        """`address` is dialled in place of `host`; `zone` is the server's time zone; times in seconds.

        `encrypt=False` sends everything but the password in clear: for tests on one machine.
        """
        super().__init__(login, password, zone=zone, connections=connections, keep_alive=keep_alive)
        self._target = Target(host, port, address)
        self._encrypt = encrypt
        self._timeouts = timeout, connect_timeout
        self._max_answer = max_answer

    def _session(self) -> Session:
        timeout, connect_timeout = self._timeouts
        return TcpSession(
            self._target,
            encrypt=self._encrypt,
            timeout=timeout,
            connect_timeout=connect_timeout,
            max_answer=self._max_answer,
        )


class Mt5HttpsClient(Mt5Client):
    """MetaTrader 5 Web API over HTTPS."""

    def __init__(
        self,
        host: str,
        port: int = 443,
        *,
        login: int,
        password: str | PasswordHash,
        address: str | None = None,
        zone: tzinfo = UTC,
        ca_pem: str | None = None,
        pinned_sha256: str | None = None,
        connections: int = 1,
        timeout: float = 30.0,
        connect_timeout: float = 5.0,
        keep_alive: float = KEEP_ALIVE,
        max_answer: int = MAX_ANSWER,
    ) -> None:
        """As Mt5TcpClient; the certificate must be for `host`, whatever `address` is dialled.

        `ca_pem`: the only authorities (or certificates) to trust. `pinned_sha256`: the only certificate to trust, as
        the hexadecimal SHA-256 of its DER form; name and dates are not checked then.
        """
        super().__init__(login, password, zone=zone, connections=connections, keep_alive=keep_alive)
        self._target = Target(host, port, address)
        self._pinned = _pin(pinned_sha256)
        self._context = tls_context(ca_pem, self._pinned)
        self._timeouts = timeout, connect_timeout
        self._max_answer = max_answer

    def _session(self) -> Session:
        timeout, connect_timeout = self._timeouts
        return HttpsSession(
            self._target,
            context=self._context,
            pinned=self._pinned,
            timeout=timeout,
            connect_timeout=connect_timeout,
            max_answer=self._max_answer,
        )


def _pin(fingerprint: str | None) -> bytes | None:
    if fingerprint is None:
        return None
    try:
        pinned = bytes.fromhex(fingerprint.replace(":", ""))
    except ValueError:
        pinned = b""
    if len(pinned) != 32:
        raise InvalidValue("pinned_sha256: give the 64 hexadecimal digits of the certificate's SHA-256")
    return pinned
