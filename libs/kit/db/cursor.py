"""The cursor of one transaction, which sends what it can in one message.

A command of an event-sourced service writes its events, then rows that follow from them (read models, the answer kept
for an Idempotency-Key), and reads none of that back. Sent one by one each statement would cost a round trip, and the
table of events stays locked until the last of them is committed. So what is written `later` is collected, and goes to
the server in one message together with the next statement whose answer is needed, or with COMMIT:

    BEGIN; SELECT append_events(...); INSERT INTO my_view ...; INSERT INTO idempotency ...; COMMIT

The message is one of the simple query protocol with the values inside the text (`ClientCursor.mogrify`). A pipeline of
prepared statements would send each by itself, and give up Python's lock as often.

Two consequences: an error of a statement that was deferred is raised by whatever sends it, at the latest by `commit`;
and an answer that is not there yet cannot be used in Python, which is why the sequence of a new event is an SQL
expression until then (`kit.eventstore.recorder.NextSequence`).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Self

from psycopg import ClientCursor, Connection, Cursor, Error, OperationalError
from psycopg import errors as pg
from psycopg.rows import DictRow

Write = Callable[[Cursor[DictRow]], object]
"""Statements whose results are not read, each sent by `execute`; no other method is collected."""


class TransactionCursor(Cursor[DictRow]):
    """The cursor of one transaction. BEGIN is sent with the first statement, so a transaction without a statement
    costs nothing."""

    def __init__(self, connection: Connection[DictRow]) -> None:
        super().__init__(connection)
        self._waiting: list[Write] = [_begin]
        self.stored = 0
        """How many events are stored in the transaction."""
        self.traceparent: str | None = None
        """The trace context of the command that stored them, if it is traced."""

    def later(self, write: Write) -> None:
        """Send these statements with the next one, or with COMMIT; an error is raised there."""
        self._waiting.append(write)

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        """Send the deferred statements and this one; the result is this one's."""
        if not self._waiting:
            with without_values():
                return super().execute(query, params, **options)
        return self._execute_together(lambda cursor: cursor.execute(query, params))

    def commit(self) -> None:
        """Send the deferred statements and COMMIT.

        Raises InFailedSqlTransaction where an earlier error was swallowed: the server answers COMMIT with ROLLBACK
        then, without an error of its own.
        """
        if self._waiting == [_begin]:
            return
        self._execute_together(lambda cursor: cursor.execute("COMMIT"))
        if self.statusmessage != "COMMIT":
            raise pg.InFailedSqlTransaction("a statement of the transaction failed, and nothing was stored")

    def rollback(self) -> None:
        """Never hides the error that led here: the pool discards a broken connection."""
        with suppress(OperationalError):
            self.connection.rollback()

    def _execute_together(self, last: Write) -> Self:
        waiting, self._waiting = self._waiting, []
        with _Collector(self.connection) as collected:
            for write in (*waiting, last):
                write(collected)
        with without_values():
            # Bytes, so that psycopg looks for no placeholders; unprepared, since only then may it hold many statements.
            super().execute("; ".join(collected.statements).encode(), prepare=False)
        self.set_result(-1)
        return self


class _Collector(ClientCursor[DictRow]):
    """Sends nothing: keeps each statement with its values in the text."""

    def __init__(self, connection: Connection[DictRow]) -> None:
        super().__init__(connection)
        self.statements: list[str] = []

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        self.statements.append(self.mogrify(query, params))
        return self


def _begin(cursor: Cursor[DictRow]) -> None:
    cursor.execute("BEGIN")


@contextmanager
def without_values() -> Iterator[None]:
    """Reduce an error to its first line: the others may quote the statement, or show a row."""
    try:
        yield
    except Error as error:
        if error.diag.message_primary:
            error.args = (error.diag.message_primary,)
        raise
