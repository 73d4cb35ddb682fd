"""The tables of MetaTrader 4's report server."""

from datetime import UTC, datetime, timedelta

from platforms.connections.zones import Zone
from platforms.connectors.mt4_tables.reading import SHAPES
from platforms.connectors.report_database.freshness import time_of, value_of
from platforms.connectors.report_database.mysql import ReportConnection, quoted
from platforms.connectors.report_database.schema import Layout, Newest, Schema

_HALF_HOUR = timedelta(minutes=30)
_LIVE = timedelta(minutes=10)


async def zone_of(schema: Schema, connection: ReportConnection) -> Zone | None:
    """From prices that are moving now: the server states no zone."""
    prices = schema.tables.get("mt4_prices") or schema.tables["mt4_trades"]
    if "modify_time" not in prices.columns:
        return None
    field, name = quoted(prices.columns["modify_time"]), quoted(prices.name)
    time = time_of(await value_of(connection, f"SELECT MAX({field}) AS newest FROM {name}"))  # noqa: S608
    offset = None if time is None else _offset(time - datetime.now(UTC))
    return None if offset is None else Zone(offset, None)


async def last_export(schema: Schema, connection: ReportConnection) -> Newest | None:
    """mt4_config's record 1: unix seconds of the last synchronization."""
    table = schema.tables.get("mt4_config")
    if table is None or not {"config", "value_int"} <= set(table.columns):
        return None
    value, key = quoted(table.columns["value_int"]), quoted(table.columns["config"])
    found = await value_of(connection, f"SELECT {value} AS newest FROM {quoted(table.name)} WHERE {key} = 1")  # noqa: S608
    return Newest("mt4_config", datetime.fromtimestamp(int(found), UTC)) if found else None


def _offset(difference: timedelta) -> int | None:
    """The zone, from how far a clock that was written just now is from UTC; None when that is no zone."""
    rounded = round(difference / _HALF_HOUR) * _HALF_HOUR
    if abs(difference - rounded) > _LIVE or not timedelta(hours=-12) <= rounded <= timedelta(hours=14):
        return None
    return int(rounded.total_seconds() // 60)


LAYOUT = Layout(
    kind="mt4",
    title="MT4 report tables",
    needed={
        "mt4_trades": frozenset({"ticket", "login", "symbol", "cmd", "volume", "open_time", "close_time", "profit"}),
        "mt4_users": frozenset({"login", "group", "balance"}),
    },
    optional=frozenset({"mt4_prices", "mt4_config", "mt4_daily"}),
    shapes=SHAPES,
    newest=(
        ("mt4_prices", "modify_time", None),
        ("mt4_users", "modify_time", None),
        ("mt4_trades", "modify_time", "ticket"),
    ),
    zone=zone_of,
    exported=last_export,
    foreign={"MT5": frozenset({"mt5_users", "mt5_accounts", "mt5_positions", "mt5_orders", "mt5_deals"})},
)
