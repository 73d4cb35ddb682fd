"""Reading a report database: statements of our own over tables of its catalogue, by key, in bounded pieces."""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from platforms.checking.schema import Schema, Table
from platforms.checking.steps import Failed
from platforms.mysql import ReportConnection, quoted
from platforms.reading.model import Deal, Row, Wanted
from platforms.reading.values import WallClock

PIECE = 4_000  # rows of one statement: as many are held in memory, and none takes as long as the whole answer

_TIME_RAW = list(Deal.model_fields).index("time_raw")

Convert = Callable[[Sequence[Any], WallClock], Iterable[Row]]
"""From a table's row, in the order of `columns` and all of it text, to rows of the model."""


@dataclass(frozen=True)
class Shape:
    """How a list of the model is read: `columns` are lower-case names of `table`, or `alias.column` of a joined one.

    `key` is unique and gives the order. `place` tells where a row of the model stands in that order.
    """

    table: str
    key: str
    columns: tuple[str, ...]
    convert: Convert
    place: Callable[[Row], tuple[int | str, ...]] = lambda row: (row[0],)
    login: str | None = "login"
    times: tuple[str, ...] = ()
    """A row is taken when one of these lies in the time that is asked for."""
    only: Mapping[str, Sequence[int | str]] = field(default_factory=dict)
    """Columns and the values of which they must have one."""
    joins: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """By alias, a table that may be missing, and the column that it shares with `table`."""


async def read(
    shape: Shape, schema: Schema, connection: ReportConnection, wanted: Wanted, clock: WallClock, most: int | None
) -> AsyncGenerator[Row, None]:
    """Rows of the model in the order of the key, none twice where tables overlap; `most` is how many will be taken,
    None for all."""
    last: int | str | None = wanted.after[0] if wanted.after else None
    piece = PIECE if most is None else min(PIECE, most + 1)
    for table in schema.all_of(shape.table):
        position = shape.columns.index(shape.key)
        while True:
            statement, params = _statement(shape, schema, table, wanted, last, piece)
            rows = await connection.texts(statement, params)
            for row in rows:
                for shown in _converted(shape, table, row, clock):
                    if _belongs(shape, shown, wanted):
                        yield shown
            last = rows[-1][position] if rows else last
            if len(rows) < piece:
                break


def _converted(shape: Shape, table: Table, row: Sequence[Any], clock: WallClock) -> list[Row]:
    """Raises Failed for a row with values that no MetaTrader writes: columns may be missing, and tables anybody's."""
    try:
        return list(shape.convert(row, clock))
    except (ValueError, TypeError, ArithmeticError, LookupError) as error:
        raise Failed(
            "schema-missing",
            f"A row of {table.name} cannot be read. See that the table has all columns of the original schema, and is "
            "filled by the server alone.",
        ) from error


def _belongs(shape: Shape, shown: Row, wanted: Wanted) -> bool:
    """Of the rows that one of the table gave: whether it is beyond the last page and in the time asked for."""
    if wanted.after is not None and len(wanted.after) > 1 and shape.place(shown) <= wanted.after:
        return False
    if len(shape.times) < 2:
        return True
    wall = shown[_TIME_RAW] or ""
    return (wanted.since is None or wall >= wanted.since) and (wanted.until is None or wall < wanted.until)


def _statement(
    shape: Shape, schema: Schema, table: Table, wanted: Wanted, last: int | str | None, piece: int
) -> tuple[str, list[Any]]:
    joined = {alias: each for alias, (name, _) in shape.joins.items() if (each := schema.tables.get(name))}
    key = f"t.{quoted(table.columns[shape.key])}"
    parts, params = _conditions(shape, table, wanted)
    if last is not None:
        inclusive = wanted.after is not None and last == wanted.after[0] and len(wanted.after) > 1
        parts.append(f"{key} {'>=' if inclusive else '>'} %s")
        params.append(last)
    columns = ", ".join(_column(name, table, joined) for name in shape.columns)
    source = f"{quoted(table.name)} t"
    for alias, each in joined.items():
        shared = shape.joins[alias][1]
        source += (
            f" LEFT JOIN {quoted(each.name)} {alias} "
            f"ON {alias}.{quoted(each.columns[shared])} = t.{quoted(table.columns[shared])}"
        )
    where = f" WHERE {' AND '.join(parts)}" if parts else ""
    # Every identifier is of the server's own catalogue, every value a parameter.
    return f"SELECT {columns} FROM {source}{where} ORDER BY {key} LIMIT {piece:d}", params  # noqa: S608


def _conditions(shape: Shape, table: Table, wanted: Wanted) -> tuple[list[str], list[Any]]:
    parts: list[str] = []
    params: list[Any] = []
    for name, values in shape.only.items():
        parts.append(f"t.{quoted(table.columns[name])} IN ({', '.join(['%s'] * len(values))})")
        params += values
    if wanted.login is not None and shape.login is not None:
        parts.append(f"t.{quoted(table.columns[shape.login])} = %s")
        params.append(wanted.login)
    spans = []
    for name in shape.times if wanted.since or wanted.until else ():
        spans.append(f"(t.{quoted(table.columns[name])} >= %s AND t.{quoted(table.columns[name])} < %s)")
        params += [wanted.since or "1970-01-02", wanted.until or "9999-12-31"]
    if spans:
        parts.append(f"({' OR '.join(spans)})")
    return parts, params


def _column(name: str, table: Table, joined: Mapping[str, Table]) -> str:
    """A column, or NULL where this server's version or this broker's copy does not have it."""
    alias, _, column = name.rpartition(".")
    where = joined.get(alias) if alias else table
    if where is None or column not in where.columns:
        return "NULL"
    return f"{alias or 't'}.{quoted(where.columns[column])}"
