"""Background work of a service: one loop for all of it.

A wake-up is only a hint: notifications are lost when a connection breaks. So a worker also looks for work every few
seconds, and what it finds decides, never the wake-up.
"""

import asyncio
import inspect
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from psycopg import OperationalError

from kit.db.database import Database
from kit.db.lease import Lease
from kit.db.listener import Listener
from kit.db.wakeup import WakeUp
from kit.errors import Unavailable

Step = Callable[[], Awaitable[Any]] | Callable[[], Any]
"""A piece of work; True says that there is more to do at once. What is not a coroutine function runs in a thread."""

_TIMER = 2.0  # seconds
_LONGEST_PAUSE = 2.0  # seconds after a failure that passes by itself
PASSING: tuple[type[Exception], ...] = (OperationalError, Unavailable)
"""Failures after which a worker pauses and tries again: the database, or a part of the system, is away."""


class Worker:
    """Repeats a step until it is cancelled: at once while it answers True, else at a wake-up or after `every` seconds.

    - With `channel`, each notification of that PostgreSQL channel wakes it, whichever replica sent it.
    - With `lease`, one process works for each name of a lease, and the others wait to take over. Whether it is held is
      asked before each step: a step must be safe if another process begins meanwhile.
    - A failure in `passing` is logged, and the step is repeated later. Any other failure ends `run`, which the service
      logs and starts again.
    - When it is cancelled during a step, the step gets `farewell` seconds to end before it is cancelled too. A step in
      a thread cannot be cancelled, and ends by itself.

    It is one object for one loop: `run` is called once at a time.
    """

    def __init__(
        self,
        name: str,
        step: Step,
        *,
        database: Database | None = None,
        every: float = _TIMER,
        channel: str | None = None,
        lease: str | None = None,
        passing: tuple[type[Exception], ...] = PASSING,
        farewell: float = 0.0,
    ) -> None:
        assert database is not None or (channel is None and lease is None), "a channel and a lease need a database"
        self._name = name
        self._step = step
        self._every = every
        self._database = database
        self._channel = channel
        self._lease_name = lease
        self._lease: Lease | None = None
        self._passing = passing
        self._farewell = farewell
        self._wake_up = WakeUp()
        self._periodic: list[_Periodic] = []
        self._log = logging.getLogger("kit.worker")

    def also(self, step: Step, *, every: float) -> "Worker":
        """Do this too, at the first round and then every so many seconds, in the same process and before the step."""
        self._periodic.append(_Periodic(step, every))
        return self

    def wake(self) -> None:
        """Look for work now; from any thread."""
        self._wake_up.set()

    @property
    def is_elected(self) -> bool:
        """Whether this process is the one that works now: always without a lease."""
        return self._lease_name is None or (self._lease is not None and self._lease.held)

    async def run(self) -> None:
        """Work until cancelled."""
        self._wake_up.bind()
        keeper = self._keeper()
        if keeper is not None:
            keeper.start()
        try:
            while True:
                self._wake_up.clear()  # before the step: a wake-up that comes during it must not be lost
                if not await self._round():
                    await self._wake_up.wait(self._every)
        finally:
            if keeper is not None:
                await asyncio.to_thread(keeper.stop)

    def _keeper(self) -> Lease | Listener | None:
        """A thread each, made here because a thread starts only once, and `run` may be started again."""
        if self._database is None:
            return None
        if self._lease_name is not None:
            self._lease = Lease(self._database, self._lease_name, channel=self._channel, on_wake=self.wake)
            return self._lease
        return Listener(self._database, self._channel, self.wake) if self._channel is not None else None

    async def _round(self) -> bool:
        """Whether to continue immediately."""
        try:
            for one in self._periodic:
                if self.is_elected and one.is_due():
                    await self._done(one.step)
            return self.is_elected and await self._done(self._step) is True
        except self._passing as error:
            self._log.warning("%s pauses: %s", self._name, type(error).__name__)
            await asyncio.sleep(min(self._every, _LONGEST_PAUSE))
            return True

    async def _done(self, step: Step) -> Any:
        """The step's answer."""
        if not inspect.iscoroutinefunction(step):
            return await asyncio.to_thread(step)
        if not self._farewell:
            return await step()
        task = asyncio.create_task(step())
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait([task], timeout=self._farewell)
            task.cancel()
            raise


class _Periodic:
    """A step with its own timer."""

    def __init__(self, step: Step, every: float) -> None:
        self.step = step
        self._every = every
        self._due_at = float("-inf")

    def is_due(self) -> bool:
        """Whether it is time; the next time is counted from this question."""
        now = time.monotonic()
        if now < self._due_at:
            return False
        self._due_at = now + self._every
        return True
