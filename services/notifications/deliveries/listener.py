"""Wakes the sender after every commit of events in this service's database, whichever replica made it."""

import logging
import threading
from collections.abc import Callable

import psycopg

from kit.db.database import Database, notified
from kit.eventstore.recorder import CHANNEL

_POLL_SECONDS = 1.0  # between two checks whether to stop, and whether the session is alive


class Listener:
    """A thread that listens and calls `on_wake`. A call is a hint: it may be missed, so callers poll as well."""

    def __init__(self, database: Database, on_wake: Callable[[], object]) -> None:
        self._database = database
        self._on_wake = on_wake
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="listener", daemon=True)
        self._log = logging.getLogger("notifications.listener")

    def start(self) -> None:
        """Start to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop to listen, and wait for the thread."""
        self._stopping.set()
        self._thread.join(timeout=2 * _POLL_SECONDS)

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._database.session() as session:
                    self._wake_on_commits(session)
            except psycopg.Error as error:
                self._log.debug("not listening: %s", type(error).__name__)
                self._stopping.wait(_POLL_SECONDS)

    def _wake_on_commits(self, session: psycopg.Connection[dict[str, object]]) -> None:
        session.execute(f"LISTEN {CHANNEL}".encode())
        while not self._stopping.is_set():
            if notified(session, _POLL_SECONDS):
                self._on_wake()
            session.execute("SELECT 1")
