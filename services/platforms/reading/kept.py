"""Signed-in clients of live APIs, kept between requests, so that not every page costs a sign-in."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from uuid import UUID
from weakref import WeakValueDictionary

from psycopg import OperationalError

from metatrader import Mt5Client
from metatrader import errors as mt
from platforms.addresses import Policy
from platforms.application import Checkable
from platforms.checking.mt5 import mt5_client
from platforms.checking.reach import Reach
from platforms.views import PlatformViews

IDLE = 60.0  # seconds without a reader
LONGEST = 600.0  # then the host's name is resolved and its address judged anew
MOST = 32
_AT_ONCE = 2
_LOOK = 1.0
_log = logging.getLogger("platforms.reading")

Key = tuple[UUID, str, int | None]
"""Platform, API, and version of its credentials."""


@dataclass(eq=False)
class Kept:
    """One signed-in client. `zone_minutes` is what it was found to be, once somebody asked; once `over` it is given to
    nobody any more, and its last reader closes it."""

    client: Mt5Client
    opened: float
    used: float
    readers: int = 0
    over: bool = False
    zone_minutes: int | None = None


class KeptClients:
    """At most MOST clients, whatever number of platforms is read; beyond that the one that rested longest goes."""

    def __init__(self, views: PlatformViews, policy: Policy, *, idle: float = IDLE, most: int = MOST) -> None:
        self._views = views
        self._policy = policy
        self._idle = idle
        self._most = most
        self._kept: dict[Key, Kept] = {}
        self._opening: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def client(self, platform_id: UUID, ready: Checkable) -> AsyncGenerator[Kept, None]:
        """The client of these credentials, opened if need be. Raises Failed, MetaTraderError."""
        key = platform_id, ready.api, ready.version
        lock = self._opening.setdefault(key, asyncio.Lock())
        async with lock:  # readers who come together wait for one sign-in
            kept = self._kept.get(key) or await self._open(key, ready)
        kept.readers += 1
        try:
            yield kept
        except (mt.NotFound, mt.PermissionDenied):
            raise
        except mt.MetaTraderError:
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
                    _log.warning("kept clients wait for the database: %s", type(error).__name__)
        finally:
            for key, kept in tuple(self._kept.items()):
                self._end(key, kept)
                await _close_if_over(kept)

    async def look(self) -> None:
        """Close clients that are idle or old, and those whose credentials, API or platform have gone."""
        if not self._kept:
            return
        current = await asyncio.to_thread(self._views.versions, {key[0] for key in self._kept})
        now = time.monotonic()
        for key, kept in tuple(self._kept.items()):
            idle = not kept.readers and now - kept.used >= self._idle
            if idle or now - kept.opened >= LONGEST or current.get(key[0]) != key[1:]:
                self._end(key, kept)
                await _close_if_over(kept)

    async def _open(self, key: Key, ready: Checkable) -> Kept:
        reach = Reach(ready.credentials.host, ready.credentials.port, self._policy)
        await reach.name()
        await reach.port()
        client = mt5_client(ready.api, ready.credentials, reach.address, connections=_AT_ONCE)
        try:
            await client.__aenter__()
        except BaseException:
            await client.__aexit__(None, None, None)
            raise
        now = time.monotonic()
        kept = Kept(client, now, now)
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

    def _end(self, key: Key, kept: Kept) -> None:
        kept.over = True
        if self._kept.get(key) is kept:
            del self._kept[key]


async def _close_if_over(kept: Kept) -> None:
    if kept.over and not kept.readers:
        with suppress(mt.MetaTraderError, OSError):
            await kept.client.__aexit__(None, None, None)
