"""How new a report database is, and in which time zone its server lives."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from pymysql.err import MySQLError

from platforms.checking.schema import Schema
from platforms.mysql import ReportConnection, quoted

_FILETIME = datetime(1601, 1, 1, tzinfo=UTC)
_HALF_HOUR = timedelta(minutes=30)
_LIVE = timedelta(minutes=10)

# (table, column that changes with the row, how to find the newest): whole tables are looked through only where they
# are small; in the long ones the highest key is the newest row.
_MT4 = (
    ("mt4_prices", "modify_time", None),
    ("mt4_users", "modify_time", None),
    ("mt4_trades", "modify_time", "ticket"),
)
_MT5 = (
    ("mt5_prices", "timestamp", None),
    ("mt5_users", "timestamp", None),
    ("mt5_positions", "timestamp", None),
    ("mt5_deals", "timestamp", "deal"),
)


@dataclass(frozen=True)
class Newest:
    """`time` is UTC for MT5 and for MT4's own record of its last export; else the server's wall clock, taken as UTC."""

    table: str
    time: datetime


async def newest_row(schema: Schema, connection: ReportConnection) -> Newest | None:
    """The newest row by the columns that change with each write; None where all is empty."""
    found: list[Newest] = []
    for name, column, key in _MT4 if schema.kind == "mt4" else _MT5:
        table = schema.newest(name)
        if table is None or column not in table.columns:
            continue
        field = quoted(table.columns[column])
        statement = f"SELECT MAX({field}) AS newest FROM {quoted(table.name)}"  # noqa: S608 - from the catalogue
        if key is not None:
            order = quoted(table.columns[key])
            statement = f"SELECT {field} AS newest FROM {quoted(table.name)} ORDER BY {order} DESC LIMIT 1"  # noqa: S608
        time = _time(await _value(connection, statement))
        if time is not None:
            found.append(Newest(table.name, time))
    if schema.kind == "mt4" and (exported := await _last_export(schema, connection)):
        found.append(Newest("mt4_config", exported))
    return max(found, key=lambda each: each.time, default=None)


class Zone(NamedTuple):
    """The zone in force now, in minutes east of UTC. `changes`: whether the server keeps summer time, by which times
    from before its last change are an hour off; None where nothing tells. By which dates it changes, no server says."""

    minutes: int
    changes: bool | None

    @property
    def detail(self) -> str:
        sign = "-" if self.minutes < 0 else "+"
        shown = f"UTC{sign}{abs(self.minutes) // 60:02}:{abs(self.minutes) % 60:02}"
        if self.changes is None:
            return (
                f"{shown}; whether it keeps summer time is not known: if so, times before its last change are 1 h off"
            )
        if self.changes:
            return f"{shown}; it keeps summer time: times before its last change are 1 h off"
        return f"{shown}, all year"


async def zone_of(schema: Schema, connection: ReportConnection) -> Zone | None:
    """As MT5 states it; for MT4 from prices that are moving now. None where nothing tells."""
    if schema.kind == "mt4":
        prices = schema.tables.get("mt4_prices") or schema.tables["mt4_trades"]
        if "modify_time" not in prices.columns:
            return None
        field, name = quoted(prices.columns["modify_time"]), quoted(prices.name)
        time = _time(await _value(connection, f"SELECT MAX({field}) AS newest FROM {name}"))  # noqa: S608
        offset = None if time is None else _offset(time - datetime.now(UTC))
        return None if offset is None else Zone(offset, None)
    table = schema.tables.get("mt5_time")
    if table is None or "timezone" not in table.columns:
        return None
    rows = await connection.rows(f"SELECT * FROM {quoted(table.name)} LIMIT 1")  # noqa: S608 - from the catalogue
    if not rows:
        return None
    row = {name.lower(): value for name, value in rows[0].items()}
    summer, keeps = int(row.get("daylightstate") or 0), row.get("daylight")
    changes = True if summer else None if keeps is None else bool(int(keeps))
    return Zone(int(row["timezone"]) + (60 if summer else 0), changes)


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


async def _last_export(schema: Schema, connection: ReportConnection) -> datetime | None:
    """mt4_config's record 1: unix seconds of the last synchronization."""
    table = schema.tables.get("mt4_config")
    if table is None or not {"config", "value_int"} <= set(table.columns):
        return None
    value, key = quoted(table.columns["value_int"]), quoted(table.columns["config"])
    found = await _value(connection, f"SELECT {value} AS newest FROM {quoted(table.name)} WHERE {key} = 1")  # noqa: S608
    return datetime.fromtimestamp(int(found), UTC) if found else None


async def _value(connection: ReportConnection, statement: str) -> Any:
    """One value; None where the statement took too long, so that one big table does not end the check."""
    try:
        rows = await connection.rows(statement)
    except MySQLError as error:
        if error.args and error.args[0] in (1969, 3024):
            return None
        raise
    return rows[0]["newest"] if rows else None


def _time(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.year > 1970 else None
    if isinstance(value, int) and value > 0:  # Windows FILETIME: 100 ns since 1601, UTC
        return _FILETIME + timedelta(microseconds=value // 10)
    return None


def _offset(difference: timedelta) -> int | None:
    """The zone, from how far a clock that was written just now is from UTC; None when that is no zone."""
    rounded = round(difference / _HALF_HOUR) * _HALF_HOUR
    if abs(difference - rounded) > _LIVE or not timedelta(hours=-12) <= rounded <= timedelta(hours=14):
        return None
    return int(rounded.total_seconds() // 60)
