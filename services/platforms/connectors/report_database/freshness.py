"""The age of the rows of a report database."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pymysql.err import MySQLError

from platforms.connectors.report_database.mysql import ReportConnection, quoted
from platforms.connectors.report_database.schema import Newest, Schema

_FILETIME = datetime(1601, 1, 1, tzinfo=UTC)


async def newest_row(schema: Schema, connection: ReportConnection) -> Newest | None:
    """The newest row by the columns that change with each write; None where all is empty."""
    found: list[Newest] = []
    for name, column, key in schema.layout.newest:
        table = schema.newest(name)
        if table is None or column not in table.columns:
            continue
        field = quoted(table.columns[column])
        statement = f"SELECT MAX({field}) AS newest FROM {quoted(table.name)}"  # noqa: S608 - from the catalogue
        if key is not None:
            order = quoted(table.columns[key])
            statement = f"SELECT {field} AS newest FROM {quoted(table.name)} ORDER BY {order} DESC LIMIT 1"  # noqa: S608
        time = time_of(await value_of(connection, statement))
        if time is not None:
            found.append(Newest(table.name, time))
    if schema.layout.exported is not None and (exported := await schema.layout.exported(schema, connection)):
        found.append(exported)
    return max(found, key=lambda each: each.time, default=None)


def trading_time_between(start: datetime, end: datetime) -> timedelta:
    """The time from start to end without Saturdays and Sundays, when markets rest."""
    total, at = timedelta(0), start
    while at < end:
        midnight = (at + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        if at.weekday() < 5:
            total += min(midnight, end) - at
        if total > timedelta(days=30):
            break
        at = midnight
    return total


async def value_of(connection: ReportConnection, statement: str) -> Any:
    """One value; None where the statement took too long, so that one big table does not end the check."""
    try:
        rows = await connection.rows(statement)
    except MySQLError as error:
        if error.args and error.args[0] in (1969, 3024):
            return None
        raise
    return rows[0]["newest"] if rows else None


def time_of(value: Any) -> datetime | None:
    """A date and time, or a Windows FILETIME (100 ns since 1601, UTC); None for what is no time."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.year > 1970 else None
    if isinstance(value, int) and value > 0:
        return _FILETIME + timedelta(microseconds=value // 10)
    return None
