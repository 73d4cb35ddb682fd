"""Runs checks: on demand, with steps as they end, and on the schedule by one elected worker."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import UUID

from prometheus_client import Counter
from psycopg import OperationalError

from kit.db.lease import Lease
from kit.errors import Refusal
from kit.http.idempotency import Idempotency
from platforms.addresses import Policy
from platforms.application import Checkable, Platforms
from platforms.checking.choosing import check_of
from platforms.checking.steps import Result, Step
from platforms.domain import Target
from platforms.history import CHANNEL, Due

_AT_ONCE = 8
_TIMER = 2.0  # seconds; a notification is only a hint
_SWEEP = 60.0
_CHECKS = Counter("tradehall_checks_total", "Checks of trade platforms.", ["target", "outcome"])
_log = logging.getLogger("platforms.checker")


class Checker:
    """Checks run on the loop; only what they store runs in threads, in short transactions of its own."""

    def __init__(self, store: Platforms, policy: Policy) -> None:
        self._store = store
        self._policy = policy

    async def run(
        self, organization_id: UUID, platform_id: UUID, target: Target, checkable: Checkable, occasion: str
    ) -> AsyncIterator[Step | Result]:
        """Each step as it ends, then the result, which is kept."""
        check = check_of(target, checkable.kind, checkable.api, checkable.credentials, self._policy)
        steps: list[Step] = []
        async for step in check.steps():
            steps.append(step)
            yield step
        result = Result.of(target, steps, self._store.clock(), check.zone_minutes, check.certificate_ends_at)
        _CHECKS.labels(target, result.outcome).inc()
        await asyncio.to_thread(self._store.checked, organization_id, platform_id, result, checkable.version, occasion)
        yield result

    async def result(
        self, organization_id: UUID, platform_id: UUID, target: Target, checkable: Checkable, occasion: str
    ) -> Result:
        """The result alone."""
        ran = [one async for one in self.run(organization_id, platform_id, target, checkable, occasion)]
        assert isinstance(ran[-1], Result)
        return ran[-1]


class Schedule:
    """Whoever holds the lease runs what is due, some at once; credentials that were just set wake it."""

    def __init__(self, store: Platforms, checker: Checker, idempotency: Idempotency) -> None:
        self._store = store
        self._checker = checker
        self._idempotency = idempotency
        self._wake = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Check what is due until cancelled."""
        loop = asyncio.get_running_loop()
        lease = Lease(
            self._store.database,
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
            checkable = await asyncio.to_thread(
                self._store.stored, due.organization_id, due.platform_id, target, "scheduled-check"
            )
            await self._checker.result(due.organization_id, due.platform_id, target, checkable, "schedule")
        except (Refusal, OperationalError) as error:
            _log.info("a scheduled check waits: %s", type(error).__name__)
        except Exception:
            _log.exception("a scheduled check failed")

    async def _start_due(self) -> None:
        free = _AT_ONCE - len(self._running)
        if free <= 0:
            return
        try:
            claimed = await asyncio.to_thread(self._store.checks.claim, self._store.clock(), free)
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
            await asyncio.to_thread(self.sweep)
        except OperationalError as error:
            _log.warning("upkeep waits: %s", type(error).__name__)

    def sweep(self) -> None:
        """End what is over: organizations that cannot be restored, old results and records of use."""
        now = self._store.clock()
        for organization_id in self._store.views.to_end(now):
            self._store.end_organization(organization_id)
        self._store.checks.forget_old(now)
        self._store.vault.forget_old_uses(now)
        self._idempotency.forget_old()
