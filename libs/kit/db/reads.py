"""Single queries on the event loop, for the most frequent reads: a thread would cost more than the query."""

import asyncio
from collections.abc import Sequence
from typing import Any, LiteralString, TypeVar

from psycopg import AsyncConnection, OperationalError
from psycopg import errors as pg
from psycopg.abc import PQGen
from psycopg.rows import TupleRow

from kit.db.database import DEADLINES, SILENCE_DEADLINE, WHOLE_DEADLINE

_CONNECTIONS = 4  # more wait in PostgreSQL for the same processor
T = TypeVar("T")


class _DeadlineConnection(AsyncConnection[TupleRow]):
    """As kit.db.database.DeadlineConnection: gives up on a server that does not answer."""

    async def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:  # noqa: ASYNC109 - psycopg's
        try:
            return await super().wait(gen, interval, SILENCE_DEADLINE if timeout is None else timeout)
        except pg._WaitTimeout as error:
            await self.close()  # so that it is not `broken`, and nobody waits for the same server once more
            raise OperationalError("the database did not answer in time") from error


class _Slot:
    """A connection, made at the first use and again after it broke."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._free = asyncio.Lock()
        self._connection: _DeadlineConnection | None = None

    async def all(self, query: LiteralString, params: Any) -> Sequence[TupleRow]:
        async with self._free:
            known = self._connection
            if known is not None and not known.closed:
                try:
                    return await _rows(known, query, params)
                except pg.QueryCanceled:
                    raise
                except OperationalError:
                    if not known.broken:  # it was given up for its silence; a broken one may be of an old server
                        raise
            self._connection = await _DeadlineConnection.connect(self._dsn, autocommit=True, **DEADLINES)
            return await _rows(self._connection, query, params)

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()


class Reads:
    """Of one service's database, by the process's one event loop. Each query is a transaction of its own.

    All failures of the server are psycopg.OperationalError, as those of kit.db.database.Database.
    """

    def __init__(self, dsn: str) -> None:
        self._slots = [_Slot(dsn) for _ in range(_CONNECTIONS)]
        self._next = 0

    async def all(self, query: LiteralString, params: Any = None) -> Sequence[TupleRow]:
        self._next = (self._next + 1) % len(self._slots)
        try:
            async with asyncio.timeout(WHOLE_DEADLINE):
                return await self._slots[self._next].all(query, params)
        except TimeoutError as error:
            raise OperationalError("the database did not answer in time") from error

    async def run(self) -> None:
        """Background work: closes the connections when it is cancelled."""
        try:
            await asyncio.Event().wait()
        finally:
            for slot in self._slots:
                await slot.close()


async def _rows(connection: _DeadlineConnection, query: LiteralString, params: Any) -> Sequence[TupleRow]:
    cursor = await connection.execute(query, params)
    return await cursor.fetchall()
