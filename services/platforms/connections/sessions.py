"""Sessions of live APIs, kept between requests, so that not every page costs a sign-in."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID
from weakref import WeakValueDictionary

from psycopg import OperationalError

from platforms.connections.addresses import Policy
from platforms.connections.connector import Reading, Session
from platforms.connections.credentials import Credentials

IDLE = 60.0  # seconds without a reader
LONGEST = 600.0  # then the host's name is resolved and its address judged anew
MOST = 32
_LOOK = 1.0
_log = logging.getLogger("platforms.reading")

Key = tuple[UUID, str, int | None]
"""Platform, API, and version of its credentials."""


@dataclass(eq=False)
class SharedSession:
    """One session. Once `over` no further request gets it, and its last reader closes it."""

    session: Session
    opened: float
    used: float
    readers: int = 0
    over: bool = False


class Sessions:
    """Sessions of APIs are shared and kept: at most `most` whatever number of platforms is read, beyond which the one
    that was idle longest is closed. Others serve one request.

    `versions` gives, for those of the platforms that have API credentials, the API and the credentials' version.
    """

    def __init__(
        self,
        versions: Callable[[Collection[UUID]], Mapping[UUID, tuple[str, int]]],
        policy: Policy,
        *,
        idle: float = IDLE,
        most: int = MOST,
    ) -> None:
        self._versions = versions
        self._policy = policy
        self._idle = idle
        self._most = most
        self._kept: dict[Key, SharedSession] = {}
        self._opening: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def session(self, key: Key, reading: Reading, credentials: Credentials) -> AsyncGenerator[Session, None]:
        """The session of these credentials, opened if need be. Raises what `reading.open` raises."""
        if not reading.shared:
            session = await reading.open(credentials, self._policy)
            try:
                yield session
            finally:
                await session.close()
            return
        lock = self._opening.setdefault(key, asyncio.Lock())
        async with lock:  # readers who come together wait for one sign-in
            kept = self._kept.get(key) or await self._open(key, reading, credentials)
        kept.readers += 1
        try:
            yield kept.session
        except Exception as error:
            if kept.session.broken_by(error):
                self._end(key, kept)
            raise
        finally:
            kept.readers -= 1
            kept.used = time.monotonic()
            await _close_if_over(kept)

    async def run(self) -> None:
        """Close what is no longer wanted, until cancelled; then everything."""
        try:
            while True:
                await asyncio.sleep(_LOOK)
                try:
                    await self.look()
                except OperationalError as error:
                    _log.warning("kept sessions wait for the database: %s", type(error).__name__)
        finally:
            for key, kept in tuple(self._kept.items()):
                self._end(key, kept)
                await _close_if_over(kept)

    async def look(self) -> None:
        """Close sessions that are idle or old, and those whose credentials, API or platform have gone."""
        if not self._kept:
            return
        current = await asyncio.to_thread(self._versions, {key[0] for key in self._kept})
        now = time.monotonic()
        for key, kept in tuple(self._kept.items()):
            idle = not kept.readers and now - kept.used >= self._idle
            if idle or now - kept.opened >= LONGEST or current.get(key[0]) != key[1:]:
                self._end(key, kept)
                await _close_if_over(kept)

    async def _open(self, key: Key, reading: Reading, credentials: Credentials) -> SharedSession:
        session = await reading.open(credentials, self._policy)
        now = time.monotonic()
        kept = SharedSession(session, now, now)
        await self._make_room()
        if len(self._kept) < self._most:
            self._kept[key] = kept
        else:
            kept.over = True  # all others are being read: this one serves once
        return kept

    async def _make_room(self) -> None:
        resting = [(kept.used, key) for key, kept in self._kept.items() if not kept.readers]
        if len(self._kept) >= self._most and resting:
            key = min(resting, key=lambda each: each[0])[1]
            kept = self._kept[key]
            self._end(key, kept)
            await _close_if_over(kept)

    def _end(self, key: Key, kept: SharedSession) -> None:
        kept.over = True
        if self._kept.get(key) is kept:
            del self._kept[key]


async def _close_if_over(kept: SharedSession) -> None:
    if kept.over and not kept.readers:
        await kept.session.close()
