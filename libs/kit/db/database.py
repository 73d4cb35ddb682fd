"""PostgreSQL with deadlines: a bounded pool, and one transaction that everything in a call joins."""

import select
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, LiteralString, TypeVar

from psycopg import Connection, Cursor, OperationalError, sql
from psycopg import errors as pg
from psycopg.abc import PQGen
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool

from kit.db.cursor import TransactionCursor, without_values
from kit.telemetry import tracing

STATEMENT_DEADLINE = 2.5  # seconds
SILENCE_DEADLINE = STATEMENT_DEADLINE + 0.25
POOL_DEADLINE = 1.0
WHOLE_DEADLINE = SILENCE_DEADLINE + POOL_DEADLINE
"""The longest time that a request waits for a dead database; a second more is left to answer within five."""
_CHECK_AFTER = 0.5  # seconds without use

DEADLINES: dict[str, Any] = {
    "connect_timeout": 2,
    "tcp_user_timeout": 3000,
    "client_encoding": "utf8",  # whatever PGCLIENTENCODING says: statements with their values are sent so
    "options": f"-c statement_timeout={int(STATEMENT_DEADLINE * 1000)} -c lock_timeout=2000 "
    "-c idle_in_transaction_session_timeout=5000",
}
"""Parameters of a connection: deadlines, and the encoding."""

Row = DictRow

T = TypeVar("T")


class DeadlineConnection(Connection[DictRow]):
    """A connection that gives up on a server that does not answer.

    statement_timeout is the server's own; a frozen server never runs it, and a blocked read would wait without end.
    """

    used_at = float("-inf")

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        try:
            return super().wait(gen, interval, SILENCE_DEADLINE if timeout is None else timeout)
        except pg._WaitTimeout as error:
            self.pgconn.finish()
            raise OperationalError("the database did not answer in time") from error


class Database:
    """One service's database.

    `transaction()` begins a transaction, or joins the one that the current call is in; so views, inbox,
    idempotency row and events commit together. All failures of the server are psycopg.OperationalError
    (the pool's time-out too), which HTTP answers with 503 and consumers retry later.
    """

    def __init__(self, dsn: str, *, max_connections: int = 12) -> None:
        self._dsn = dsn
        self._current: ContextVar[TransactionCursor | None] = ContextVar("cursor", default=None)
        self._pool: ConnectionPool[DeadlineConnection] = ConnectionPool(
            dsn,
            connection_class=DeadlineConnection,
            kwargs=DEADLINES | {"row_factory": dict_row, "autocommit": True},
            min_size=2,
            max_size=max_connections,
            timeout=POOL_DEADLINE,
            max_idle=60,
            reconnect_timeout=5,
            check=_checked_if_idle,
            num_workers=1,
            open=False,
        )

    def open(self) -> None:
        """Begin to connect; does not wait, and does not fail while the server is away."""
        self._pool.open(wait=False)

    def close(self) -> None:
        self._pool.close(timeout=2)

    @property
    def in_transaction(self) -> bool:
        return self._current.get() is not None

    @contextmanager
    def transaction(self) -> Iterator[TransactionCursor]:
        """A cursor in this call's transaction; the outermost block commits, or rolls back on an exception."""
        joined = self._current.get()
        if joined is not None:
            yield joined
            return
        with self._pool.connection() as connection:
            with TransactionCursor(connection) as cursor:
                token = self._current.set(cursor)
                try:
                    yield cursor
                    with tracing.following(cursor.traceparent, "commit"):
                        cursor.commit()
                except BaseException:
                    cursor.rollback()
                    raise
                finally:
                    self._current.reset(token)
            connection.used_at = time.monotonic()

    def all(self, query: LiteralString | sql.Composed, params: Any = None) -> Sequence[Row]:
        with self._statement() as cursor:
            return cursor.execute(query, params).fetchall()

    def one(self, query: LiteralString | sql.Composed, params: Any = None) -> Row | None:
        with self._statement() as cursor:
            return cursor.execute(query, params).fetchone()

    def execute(self, query: LiteralString | sql.Composed, params: Any = None) -> int:
        """Run a statement; answers how many rows it touched."""
        with self._statement() as cursor:
            return cursor.execute(query, params).rowcount

    def later(self, query: LiteralString, params: Any = None) -> None:
        """Run a statement of this call's transaction with the next one; its answer is dropped."""
        with self.transaction() as cursor:
            cursor.later(lambda cursor: cursor.execute(query, params))

    @contextmanager
    def _statement(self) -> Iterator[Cursor[DictRow]]:
        """A cursor for one statement: in this call's transaction, else committed by itself in one round trip."""
        joined = self._current.get()
        if joined is not None:
            yield joined
            return
        with self._pool.connection() as connection:
            with connection.cursor() as cursor, without_values():
                yield cursor
            connection.used_at = time.monotonic()

    @contextmanager
    def long_work(self) -> Iterator[Connection[DictRow]]:
        """A connection of its own without statement deadlines, for set-up and rebuilds; commits at the end."""
        with Connection.connect(
            self._dsn, row_factory=dict_row, connect_timeout=2, options="-c lock_timeout=30s"
        ) as connection:
            yield connection

    def session(self, **settings: str) -> Connection[DictRow]:
        """A connection of its own in autocommit, with these server settings (used for leases and LISTEN)."""
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        return Connection.connect(
            self._dsn,
            row_factory=dict_row,
            autocommit=True,
            connect_timeout=2,
            options=options,
            tcp_user_timeout=3000,
        )


def notified(session: Connection[DictRow], seconds: float) -> bool:
    """Wait until a channel that the session listens to is notified; False when `seconds` pass without that.

    psycopg's own wait looks ten times a second; this one sleeps in the kernel.
    """
    if any(True for _ in session.notifies(timeout=0)):
        return True
    _is_readable(session, seconds)
    return any(True for _ in session.notifies(timeout=0))


def _is_readable(connection: Connection[DictRow], seconds: float) -> bool:
    """Whether the server has sent something, waiting up to `seconds` for it."""
    waiting = select.poll()  # select() refuses the descriptors of a process with more than 1,024
    waiting.register(connection, select.POLLIN)
    return bool(waiting.poll(seconds * 1000))


def _checked_if_idle(connection: DeadlineConnection) -> None:
    """Find a connection that broke while idle: an unread message of the server waits on it then."""
    if time.monotonic() - connection.used_at > _CHECK_AFTER and _is_readable(connection, 0.0):
        ConnectionPool.check_connection(connection)


def constraint_of(error: BaseException) -> str | None:
    """The name of the constraint that a unique violation broke."""
    return error.diag.constraint_name if isinstance(error, pg.UniqueViolation) else None
