"""Scheduled checks, run by one elected worker."""

import asyncio
import logging
from collections.abc import Callable

from psycopg import OperationalError

from kit.db.database import Database
from kit.db.worker import Worker
from kit.errors import Refusal
from platforms.checks.checker import Checker
from platforms.checks.history import CHANNEL, Due
from platforms.checks.service import Checks
from platforms.credentials.service import CredentialService
from platforms.platforms.domain import Target

_AT_ONCE = 8
_HOUSEKEEPING_INTERVAL = 60.0  # seconds
_log = logging.getLogger("platforms.checker")


class Schedule:
    """The holder of the lease runs what is due, some at once; credentials that were just set wake it.

    It also calls `housekeeping` once a minute.
    """

    def __init__(
        self,
        database: Database,
        checks: Checks,
        credentials: CredentialService,
        checker: Checker,
        housekeeping: Callable[[], None],
    ) -> None:
        self._checks = checks
        self._credentials = credentials
        self._checker = checker
        self._running: set[asyncio.Task[None]] = set()
        self._worker = Worker(
            "the schedule of checks", self._start_due, database=database, lease="platforms-checks", channel=CHANNEL
        ).also(housekeeping, every=_HOUSEKEEPING_INTERVAL)

    async def run(self) -> None:
        """Check what is due until cancelled."""
        try:
            await self._worker.run()
        finally:
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
        for due in await asyncio.to_thread(self._checks.claim, free):
            task = asyncio.create_task(self.check(due))
            self._running.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._worker.wake()  # there is room for the next one
