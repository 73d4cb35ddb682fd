"""Readiness of a process: its database, its bus, and the lateness of its event loop."""

import asyncio
import time

from psycopg import OperationalError

from kit.db.database import Database
from kit.messaging.bus import Bus
from kit.telemetry.metrics import BUS_CUT_OFF, LOOP_LAG

_LAG_LIMIT = 1.0  # seconds; a process whose loop is later than this is not ready


class Health:
    """What /readyz looks at: the database, the bus (if any) having been reached once, and the loop's own lateness.
    `ending` is set after SIGTERM, so that the gateway sends no more requests here."""

    def __init__(self, database: Database, bus: Bus | None) -> None:
        self._database = database
        self._bus = bus
        self._bus_was_there = bus is None
        self._lag = 0.0
        self.ending = False

    async def watch_loop(self) -> None:
        """Measure how late a timer runs; a blocked loop cannot say so itself afterwards unless it is measured."""
        while True:
            due = time.monotonic() + 1.0
            await asyncio.sleep(1.0)
            self._lag = time.monotonic() - due
            LOOP_LAG.set(self._lag)
            if self._bus is not None:
                BUS_CUT_OFF.set(self._bus.cut_off_seconds)

    async def report(self) -> tuple[bool, dict[str, str]]:
        database = await asyncio.to_thread(self._database_answer)
        state = {
            "database": database,
            "loop": "ok" if self._lag < _LAG_LIMIT else f"{self._lag:.1f} s late",
        }
        if self._bus is not None:
            self._bus_was_there = self._bus_was_there or self._bus.connected
            state["bus"] = "ok" if self._bus.connected else f"out of reach for {self._bus.cut_off_seconds:.0f} s"
        if self.ending:
            state["process"] = "ends"
        # Commands do not need the bus: one that is unreachable is reported, and takes no replica out of service.
        ready = database == "ok" and self._bus_was_there and self._lag < _LAG_LIMIT and not self.ending
        return ready, state

    def _database_answer(self) -> str:
        try:
            self._database.one("SELECT 1 AS one")
        except OperationalError:
            return "out of reach"
        return "ok"
