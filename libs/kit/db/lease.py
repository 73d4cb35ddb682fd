"""Election by a PostgreSQL advisory lock, on a session that a frozen holder loses."""

import logging
import threading
import time
from collections.abc import Callable

import psycopg

from kit.db.database import Database, notified

_HEARTBEAT = 1.0  # seconds
_TOGETHER = 0.01  # seconds in which notifications are one
_LOOK = 0.3  # seconds between attempts of one that waits
_IDLE_LIMIT = "3s"  # the server ends the session, and with it the lock, of a holder that stopped beating
_VALID = 2.0  # seconds after the last heartbeat; below the idle limit, so two never hold at once


class Lease:
    """Held by at most one process for each name. A daemon thread keeps it; `on_wake` is called when it is won
    and whenever `channel` is notified while it is held (a hint: holders look by a timer too)."""

    def __init__(
        self,
        database: Database,
        name: str,
        *,
        channel: str | None = None,
        on_wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._name = name
        self._channel = channel
        self._on_wake = on_wake
        self._valid_until = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"lease-{name}", daemon=True)
        self._log = logging.getLogger("kit.lease")

    @property
    def held(self) -> bool:
        return time.monotonic() < self._valid_until

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(timeout=3)

    def _keep(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._database.session(idle_session_timeout=_IDLE_LIMIT) as session:
                    self._hold(session)
            except psycopg.Error as error:
                self._log.debug("lease %s: %s", self._name, type(error).__name__)
            self._valid_until = 0.0
            self._stopping.wait(_HEARTBEAT)

    def _hold(self, session: psycopg.Connection[dict[str, object]]) -> None:
        beat_at = time.monotonic()
        while not self._take(session):
            if self._stopping.wait(_LOOK):
                return
            beat_at = time.monotonic()
        self._log.info("lease %s is held here", self._name)
        if self._channel:
            session.execute(f"LISTEN {self._channel}".encode())
        self._valid_until = beat_at + _VALID
        self._on_wake()
        while not self._stopping.is_set():
            if notified(session, _HEARTBEAT):
                self._on_wake()
                self._stopping.wait(_TOGETHER)
            if time.monotonic() - beat_at > _HEARTBEAT / 2:
                beat_at = time.monotonic()
                session.execute("SELECT 1")
            self._valid_until = beat_at + _VALID

    def _take(self, session: psycopg.Connection[dict[str, object]]) -> bool:
        row = session.execute("SELECT pg_try_advisory_lock(hashtext(%s)) AS got", (self._name,)).fetchone()
        return bool(row and row["got"])
