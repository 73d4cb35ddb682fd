"""Scheduled checks, run by one elected worker."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from psycopg import OperationalError

from kit.db.database import Database
from kit.db.lease import Lease
from kit.errors import Refusal
from platforms.checks.checker import Checker
from platforms.checks.history import CHANNEL, Due
from platforms.checks.service import Checks
from platforms.credentials.service import CredentialService
from platforms.platforms.domain import Target

_AT_ONCE = 8
_TIMER = 2.0  # seconds; a notification is only a hint
_SWEEP = 60.0
_log = logging.getLogger("platforms.checker")


class Schedule:
    """The holder of the lease runs what is due, some at once; credentials that were just set wake it.

    It also calls `upkeep` once a minute.
    """

    def __init__(
        self,
        database: Database,
        checks: Checks,
        credentials: CredentialService,
        checker: Checker,
        upkeep: Callable[[], None],
    ) -> None:
        self._database = database
        self._checks = checks
        self._credentials = credentials
        self._checker = checker
        self._upkeep = upkeep
        self._wake = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Check what is due until cancelled."""
        loop = asyncio.get_running_loop()
        lease = Lease(
            self._database,
            "platforms-checks",
            channel=CHANNEL,
            on_wake=lambda: self._woken(loop),
        )
        lease.start()
        try:
            swept = loop.time() - _SWEEP
            while True:
                if lease.held:
                    await self._start_due()
                    if loop.time() - swept >= _SWEEP:
                        swept = loop.time()
                        await self._keep_up()
                with suppress(TimeoutError):
                    # Not wait_for: up to Python 3.11 it can hide the cancellation that ends this task (gh-86296).
                    async with asyncio.timeout(_TIMER):
                        await self._wake.wait()
                self._wake.clear()
        finally:
            await asyncio.to_thread(lease.stop)
            for task in tuple(self._running):
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def check(self, due: Due) -> None:
        """One scheduled check; a platform that cannot be checked any more is passed over."""
        target: Target = "api" if due.target == "api" else "db"
        try:
            usable = await asyncio.to_thread(
                self._credentials.stored, due.organization_id, due.platform_id, target, "scheduled-check"
            )
            await self._checker.result(due.organization_id, due.platform_id, target, usable, "schedule")
        except (Refusal, OperationalError) as error:
            _log.info("a scheduled check waits: %s", type(error).__name__)
        except Exception:
            _log.exception("a scheduled check failed")

    async def _start_due(self) -> None:
        free = _AT_ONCE - len(self._running)
        if free <= 0:
            return
        try:
            claimed = await asyncio.to_thread(self._checks.claim, free)
        except OperationalError as error:
            _log.warning("the schedule waits: %s", type(error).__name__)
            return
        for due in claimed:
            task = asyncio.create_task(self.check(due))
            self._running.add(task)
            task.add_done_callback(self._ended)

    def _woken(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.call_soon_threadsafe(self._wake.set)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._wake.set()  # there is room for the next one

    async def _keep_up(self) -> None:
        try:
            await asyncio.to_thread(self._upkeep)
        except OperationalError as error:
            _log.warning("upkeep waits: %s", type(error).__name__)
