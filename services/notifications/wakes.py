"""A wake-up for every commit of events in this service's database, whichever replica made it."""

import logging
import threading
from collections.abc import Callable

import psycopg

from kit.db.database import Database, notified
from kit.eventstore.recorder import CHANNEL

_LOOK = 1.0  # seconds between two looks whether to stop and whether the session lives


class Wakes:
    """A thread that listens and calls `on_wake`; only a hint, whoever waits looks by a timer too."""

    def __init__(self, database: Database, on_wake: Callable[[], object]) -> None:
        self._database = database
        self._on_wake = on_wake
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="wakes", daemon=True)
        self._log = logging.getLogger("notifications.wakes")

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no more."""
        self._stopping.set()
        self._thread.join(timeout=2 * _LOOK)

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._database.session() as session:
                    self._pass_on(session)
            except psycopg.Error as error:
                self._log.debug("not listening: %s", type(error).__name__)
                self._stopping.wait(_LOOK)

    def _pass_on(self, session: psycopg.Connection[dict[str, object]]) -> None:
        session.execute(f"LISTEN {CHANNEL}".encode())
        while not self._stopping.is_set():
            if notified(session, _LOOK):
                self._on_wake()
            session.execute("SELECT 1")
