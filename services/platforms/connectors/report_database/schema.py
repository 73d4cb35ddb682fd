"""Which of the tables that a server fills are in a report database, by the database's own catalogue."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from platforms.accounts.model import ListName
from platforms.connections.zones import Zone
from platforms.connectors.report_database.mysql import ReportConnection, quoted
from platforms.connectors.report_database.shapes import Shape

_MOST_COLUMNS = 20_000
_MOST_NAMED = 12
_YEAR = re.compile(r"(.+)_\d{4}")


@dataclass(frozen=True)
class Newest:
    """`time` is UTC, or the server's wall clock taken as UTC, as the server writes it."""

    table: str
    time: datetime


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The tables that one kind of server fills. Names are in lower case."""

    kind: str
    """The kind of platform."""
    title: str
    needed: Mapping[str, frozenset[str]]
    """Tables and columns without which nothing can be read."""
    optional: frozenset[str]
    shapes: Mapping[ListName, Shape]
    newest: Sequence[tuple[str, str, str | None]]
    """(table, column that changes with the row, key). Whole tables are scanned only where they are small; in long ones
    the row with the highest key is the newest."""
    zone: Callable[["Schema", ReportConnection], Awaitable[Zone | None]]
    """The server's time zone; None where the tables do not show it."""
    exported: Callable[["Schema", ReportConnection], Awaitable[Newest | None]] | None = None
    """The server's own record of its last export, if it keeps one."""
    yearly: Mapping[str, str] = field(default_factory=dict)
    """Tables, and the prefix of the tables of single years that may replace them."""
    compared: tuple[str, str] | None = None
    """Table and key by which it is decided whether the table or its tables of years are still written."""
    foreign: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By the name of another kind of server, tables that only it fills."""


@dataclass(frozen=True)
class Table:
    """`name` and `columns` (lower case -> as it is) are written as the server writes them."""

    name: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Schema:
    """`tables` are those of the database, by their names in lower case.

    `years_over`: where a table exists beside its tables of years, it is the one that is still written.
    """

    layout: Layout
    tables: Mapping[str, Table]
    years_over: bool = False

    @classmethod
    async def read(cls, layout: Layout, connection: ReportConnection) -> "Schema":
        rows = await connection.rows(
            "SELECT TABLE_NAME AS name, COLUMN_NAME AS field FROM information_schema.COLUMNS "
            "WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, ORDINAL_POSITION LIMIT %s",
            (_MOST_COLUMNS,),
        )
        schema = cls(layout, _tables(rows))
        return replace(schema, years_over=await _years_over(schema, connection))

    @property
    def missing(self) -> list[str]:
        """Needed tables, and columns of tables, that are not there."""
        lacking = []
        for name, columns in self.layout.needed.items():
            table = self.newest(name)
            if table is None:
                lacking.append(name)
            else:
                lacking += [f"{name}.{column}" for column in sorted(columns - set(table.columns))]
        return lacking

    def newest(self, name: str) -> Table | None:
        """The table, or where it is cut by years the one that is still written."""
        found = self.all_of(name)
        return found[-1] if found else None

    def all_of(self, name: str) -> list[Table]:
        """The table, and those of years; the one that is still written comes last. After a server was switched from
        one to the other their rows overlap: who reads all in this order goes on behind the highest key."""
        single, years = self._single(name), self._years(name)
        return years + single if self.years_over else single + years

    def _single(self, name: str) -> list[Table]:
        return [self.tables[name]] if name in self.tables else []

    def _years(self, name: str) -> list[Table]:
        prefix = self.layout.yearly.get(name)
        return [self.tables[each] for each in sorted(self.tables) if (m := _YEAR.fullmatch(each)) and m[1] == prefix]

    def _is_of_a_year(self, name: str) -> bool:
        match = _YEAR.fullmatch(name)
        return match is not None and match[1] in self.layout.yearly.values()

    def advice(self) -> str:
        for server, tables in self.layout.foreign.items():
            if tables & set(self.tables):
                return f"These are the tables of an {server} server, and this platform is an {self.layout.kind} one."
        return (
            f"Missing: {_listed(self.missing)}. Check that the server exports into this database, and that the user "
            "may SELECT from all its tables."
        )

    def summary(self) -> str:
        parts = [self.layout.title]
        optional = sorted(self.layout.optional & set(self.tables))
        known = set(self.layout.needed) | self.layout.optional
        extra = sorted(name for name in self.tables if name not in known and not self._is_of_a_year(name))
        if optional:
            parts.append(f"also {_listed(optional)}")
        if extra:
            parts.append(f"tables of your own: {_listed(extra)}")
        return "; ".join(parts)


async def _years_over(schema: Schema, connection: ReportConnection) -> bool:
    """Whether the rows of the compared table are newer than those of its tables of years."""
    if schema.layout.compared is None:
        return False
    name, key = schema.layout.compared
    tables = schema.all_of(name)
    if len(tables) < 2 or name not in schema.tables or not all(key in each.columns for each in tables):
        return False
    highest = []
    for table in tables:
        statement = f"SELECT MAX({quoted(table.columns[key])}) AS highest FROM {quoted(table.name)}"  # noqa: S608
        highest.append(int((await connection.rows(statement))[0]["highest"] or 0))
    return highest[0] > max(highest[1:])


def _tables(rows: list[dict[str, Any]]) -> dict[str, Table]:
    columns: dict[str, dict[str, str]] = {}
    for row in rows:
        columns.setdefault(str(row["name"]), {})[str(row["field"]).lower()] = str(row["field"])
    return {name.lower(): Table(name, fields) for name, fields in columns.items()}


def _listed(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
