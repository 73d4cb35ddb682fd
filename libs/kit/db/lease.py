"""Election by a PostgreSQL advisory lock, on a session that a frozen holder loses.

When a lease is valid:

- The lock belongs to a session of the database, which is the only judge: two sessions never hold it at once.
- The holder sends a statement on that session once a second (`_HEARTBEAT`). A holder that is frozen sends none, and
  after three seconds (`idle_session_timeout`, `_IDLE_LIMIT`) the server ends the session and frees the lock. A network
  that is cut frees it in the same way.
- A holder cannot see that moment, so it does not trust a lock whose last heartbeat is old: `held` is true for two
  seconds (`_VALID`) after the *sending* of the last heartbeat that was answered. The server counts its three seconds
  from the end of that statement, which is later. So `held` becomes false at least a second before another process can
  win the lease.

`held` is a question of this moment. Work that begins under a lease may end after it: what it writes must be safe even
then, as the relay's messages are, which name the sequence that they follow.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from kit.db.database import Database
from kit.db.listener import Listener

_HEARTBEAT = 1.0  # seconds
_LOOK = 0.3  # seconds between attempts of one that waits
_IDLE_LIMIT = "3s"  # the server ends the session, and with it the lock, of a holder that stopped beating
_VALID = 2.0  # seconds after the last heartbeat; below the idle limit, so two never hold at once


class Lease:
    """Held by at most one process for each name. A daemon thread keeps it.

    `on_wake` is called when the lease is won, and whenever `channel` is notified while it is held. That is a hint: a
    holder looks by a timer too. For background work use `kit.db.worker.Worker`, which does both.
    """

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
        """Whether this process holds the lease at this moment."""
        return time.monotonic() < self._valid_until

    def start(self) -> None:
        """Begin to try for the lease; does not wait for it."""
        self._thread.start()

    def stop(self) -> None:
        """Give the lease back; waits up to three seconds for the thread."""
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

    def _hold(self, session: psycopg.Connection[Any]) -> None:
        sent_at = time.monotonic()
        while not self._try_lock(session):
            if self._stopping.wait(_LOOK):
                return
            sent_at = time.monotonic()
        self._log.info("lease %s is held here", self._name)
        self._valid_until = sent_at + _VALID
        self._on_wake()
        with self._listening():
            while not self._stopping.wait(_HEARTBEAT):
                sent_at = time.monotonic()
                session.execute("SELECT 1")
                self._valid_until = sent_at + _VALID

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Pass on notifications of the channel, if there is one."""
        if self._channel is None:
            yield
            return
        listener = Listener(self._database, self._channel, self._on_wake)
        listener.start()
        try:
            yield
        finally:
            self._valid_until = 0.0  # before waiting for the listener: the session may be gone already
            listener.stop()

    def _try_lock(self, session: psycopg.Connection[Any]) -> bool:
        row = session.execute("SELECT pg_try_advisory_lock(hashtext(%s)) AS got", (self._name,)).fetchone()
        return bool(row and row["got"])
