"""The elected worker: decides pending requests, and deletes what has expired."""

import asyncio
import logging
import time
from collections.abc import Callable

from psycopg import OperationalError

from identity.registration.pending_requests import CHANNEL
from kit.db.database import Database
from kit.db.lease import Lease

_TIMER = 2.0  # seconds; a notification is only a hint
_TIDY_EVERY = 60.0
_log = logging.getLogger("identity.worker")


class Worker:
    """`work_one` does one piece of work and returns whether there was any; `tidy` runs once a minute."""

    def __init__(self, database: Database, work_one: Callable[[], bool], tidy: Callable[[], None]) -> None:
        self._lease = Lease(database, "identity-worker", channel=CHANNEL, on_wake=self._on_wake)
        self._work_one = work_one
        self._tidy = tidy
        self._tidied_at = time.monotonic()
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self) -> None:
        """Work until cancelled."""
        self._loop = asyncio.get_running_loop()
        self._lease.start()
        try:
            while True:
                await self._round()
        finally:
            await asyncio.to_thread(self._lease.stop)

    async def _round(self) -> None:
        try:
            while self._lease.held and await asyncio.to_thread(self._work_one):
                pass
            if self._lease.held and time.monotonic() - self._tidied_at > _TIDY_EVERY:
                self._tidied_at = time.monotonic()
                await asyncio.to_thread(self._tidy)
        except OperationalError as error:
            _log.warning("the worker pauses: %s", type(error).__name__)
        try:
            # Not wait_for: up to Python 3.11 it can hide the cancellation that ends this task (gh-86296).
            async with asyncio.timeout(_TIMER):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    def _on_wake(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)
