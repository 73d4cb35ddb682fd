"""Report databases in memory: the tables of a server in SQLite, which takes the statements that MySQL is given."""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from platforms.accounts.model import MODELS, Row, RowQuery
from platforms.accounts.values import WallClock
from platforms.connectors.report_database.mysql import ReportConnection
from platforms.connectors.report_database.reading import read
from platforms.connectors.report_database.schema import Layout, Schema, Table

ZONE = 120


class ReportTables:
    """Tables by name, with the columns that their first row has, or those of `columns`."""

    def __init__(
        self, layout: Layout, rows: Mapping[str, Sequence[Mapping[str, Any]]], *, years_over: bool = False
    ) -> None:
        self._connection = sqlite3.connect(":memory:")
        self.statements: list[str] = []
        self.count = 0
        """Of the rows that were read."""
        tables = {}
        for name, content in rows.items():
            columns = list(content[0])
            kinds = (f"`{each}` {'INTEGER' if isinstance(content[0][each], int) else ''}" for each in columns)
            self._run(f"CREATE TABLE `{name}` ({', '.join(kinds)})")
            for one in content:
                self._run(f"INSERT INTO `{name}` VALUES ({', '.join('?' * len(columns))})", [*one.values()])
            tables[name.lower()] = Table(name, {each.lower(): each for each in columns})
        self._schema = Schema(layout, tables, years_over)

    async def texts(self, statement: str, params: Sequence[Any] = ()) -> list[tuple[str | None, ...]]:
        self.statements.append(statement)
        assert len(self.statements) < 100, "the list is read without end"
        rows = self._run(statement.replace("%s", "?"), params)
        self.count += len(rows)
        return [tuple(None if value is None else str(value) for value in row) for row in rows]

    def rows(self, wanted: RowQuery) -> list[Row]:
        """The rows that are wanted, none of them read in vain."""

        async def all_of() -> list[Row]:
            shape = self._schema.layout.shapes[wanted.what]
            connection = cast(ReportConnection, self)
            return [row async for row in read(shape, self._schema, connection, wanted, WallClock(ZONE))]

        return asyncio.run(all_of())

    def items(self, wanted: RowQuery) -> list[dict[str, Any]]:
        """As `rows`, with the names of the model."""
        return [dict(zip(MODELS[wanted.what].model_fields, row, strict=True)) for row in self.rows(wanted)]

    def pages(self, wanted: RowQuery, size: int) -> list[list[Row]]:
        """All rows, page by page: each goes on after the place of the last row of the page before."""
        pages: list[list[Row]] = []
        place = self._schema.layout.shapes[wanted.what].place
        while True:
            after = place(pages[-1][-1]) if pages else None
            rows = self.rows(replace(wanted, after=after, most=size))
            if not rows:
                return pages
            pages.append(rows[:size])

    def _run(self, statement: str, params: Sequence[Any] = ()) -> list[Any]:
        return self._connection.execute(statement, list(params)).fetchall()
