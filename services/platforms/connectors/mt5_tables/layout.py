"""The tables of MetaTrader 5's SQL export."""

from platforms.connections.zones import Zone
from platforms.connectors.mt5_tables.reading import SHAPES
from platforms.connectors.report_database.mysql import ReportConnection, quoted
from platforms.connectors.report_database.schema import Layout, Schema


async def zone_of(schema: Schema, connection: ReportConnection) -> Zone | None:
    """As the server states it in mt5_time."""
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


LAYOUT = Layout(
    kind="mt5",
    title="MT5 export tables",
    needed={
        "mt5_users": frozenset({"login", "group", "timestamp"}),
        "mt5_accounts": frozenset({"login", "balance", "equity"}),
        "mt5_positions": frozenset({"position", "login", "symbol", "volume"}),
        "mt5_orders": frozenset({"order", "login", "symbol", "state"}),
        "mt5_deals": frozenset({"deal", "login", "action", "time", "volume", "profit", "timestamp"}),
    },
    optional=frozenset(
        {
            "mt5_daily",
            "mt5_daily_orders",
            "mt5_daily_positions",
            "mt5_firewall",
            "mt5_groups",
            "mt5_managers",
            "mt5_network",
            "mt5_orders_history",
            "mt5_prices",
            "mt5_symbols",
            "mt5_symbols_sessions",
            "mt5_time",
        }
    ),
    shapes=SHAPES,
    newest=(
        ("mt5_prices", "timestamp", None),
        ("mt5_users", "timestamp", None),
        ("mt5_positions", "timestamp", None),
        ("mt5_deals", "timestamp", "deal"),
    ),
    zone=zone_of,
    yearly={"mt5_deals": "mt5_deals", "mt5_orders_history": "mt5_orders", "mt5_daily": "mt5_daily"},
    compared=("mt5_deals", "deal"),
    foreign={"MT4": frozenset({"mt4_trades", "mt4_users"})},
)
