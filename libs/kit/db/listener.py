"""LISTEN: a thread that passes on the notifications of one PostgreSQL channel."""

import logging
import threading
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import Connection

from kit.db.database import Database, notified

_LOOK = 1.0  # seconds between two looks whether to stop, and whether the session is alive
_TOGETHER = 0.01  # seconds in which notifications are one


class Listener:
    """Calls `on_wake` after each notification of a channel, and once whenever it begins to listen.

    A notification is lost if it is sent while the session is broken. It is a hint: a worker also looks by a timer
    (`kit.db.worker.Worker` does).
    """

    def __init__(self, database: Database, channel: str, on_wake: Callable[[], object]) -> None:
        self._database = database
        self._channel = channel
        self._on_wake = on_wake
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"listen-{channel}", daemon=True)
        self._log = logging.getLogger("kit.listener")

    def start(self) -> None:
        """Begin to listen; does not wait for the database."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening; waits up to two seconds for the thread."""
        self._stopping.set()
        self._thread.join(timeout=2 * _LOOK)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._database.session() as session:
                    self._pass_on(session)
            except psycopg.Error as error:
                self._log.debug("not listening on %s: %s", self._channel, type(error).__name__)
                self._stopping.wait(_LOOK)

    def _pass_on(self, session: Connection[Any]) -> None:
        session.execute(f"LISTEN {self._channel}".encode())
        self._on_wake()  # for what happened before
        while not self._stopping.is_set():
            if notified(session, _LOOK):
                self._on_wake()
                self._stopping.wait(_TOGETHER)
            else:
                session.execute("SELECT 1")  # a broken session is silent: only a statement shows it
