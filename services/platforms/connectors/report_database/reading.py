"""Reads a report database: own statements over tables of its catalogue, by key, in bounded pieces."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from platforms.accounts.model import Deal, Row, RowQuery
from platforms.accounts.values import WallClock
from platforms.checks.domain import Failed
from platforms.connectors.report_database.mysql import ReportConnection, quoted
from platforms.connectors.report_database.schema import Schema, Table
from platforms.connectors.report_database.shapes import Shape

PIECE = 4_000  # rows of one statement: as many are held in memory, and none takes as long as the whole answer

_TIME_RAW = list(Deal.model_fields).index("time_raw")


async def read(
    shape: Shape, schema: Schema, connection: ReportConnection, wanted: RowQuery, clock: WallClock
) -> AsyncGenerator[Row, None]:
    """Rows of the model in the order of the key, none twice where tables overlap."""
    last: int | str | None = wanted.after[0] if wanted.after else None
    piece = PIECE if wanted.most is None else min(PIECE, wanted.most + 1)
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
            f"A row of {table.name} cannot be read. Check that the table has all columns of the original schema, "
            "and that only the server writes it.",
        ) from error


def _belongs(shape: Shape, shown: Row, wanted: RowQuery) -> bool:
    """Of the rows that one of the table gave: whether it is beyond the last page and in the time asked for."""
    if wanted.after is not None and len(wanted.after) > 1 and shape.place(shown) <= wanted.after:
        return False
    if len(shape.times) < 2:
        return True
    wall = shown[_TIME_RAW] or ""
    return (wanted.since is None or wall >= wanted.since) and (wanted.until is None or wall < wanted.until)


def _statement(
    shape: Shape, schema: Schema, table: Table, wanted: RowQuery, last: int | str | None, piece: int
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


def _conditions(shape: Shape, table: Table, wanted: RowQuery) -> tuple[list[str], list[Any]]:
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
