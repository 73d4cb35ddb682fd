"""Which of the tables that MetaTrader fills are in a report database, by the server's own catalogue."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from platforms.mysql import ReportConnection, quoted

_MOST_COLUMNS = 20_000
_MOST_NAMED = 12

NEEDED: Mapping[str, Mapping[str, frozenset[str]]] = {
    "mt4": {
        "mt4_trades": frozenset({"ticket", "login", "symbol", "cmd", "volume", "open_time", "close_time", "profit"}),
        "mt4_users": frozenset({"login", "group", "balance"}),
    },
    "mt5": {
        "mt5_users": frozenset({"login", "group", "timestamp"}),
        "mt5_accounts": frozenset({"login", "balance", "equity"}),
        "mt5_positions": frozenset({"position", "login", "symbol", "volume"}),
        "mt5_orders": frozenset({"order", "login", "symbol", "state"}),
        "mt5_deals": frozenset({"deal", "login", "action", "time", "volume", "profit", "timestamp"}),
    },
}
"""By kind of platform, the tables and columns without which nothing can be read."""

OPTIONAL: Mapping[str, frozenset[str]] = {
    "mt4": frozenset({"mt4_prices", "mt4_config", "mt4_daily"}),
    "mt5": frozenset(
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
}
_YEAR = re.compile(r"(mt5_(?:deals|orders|daily))_\d{4}")
_CUT_BY_YEARS: Mapping[str, str] = {
    "mt5_deals": "mt5_deals",
    "mt5_orders_history": "mt5_orders",
    "mt5_daily": "mt5_daily",
}
"""Tables, and how those of single years begin that may stand in their place."""


@dataclass(frozen=True)
class Table:
    """`name` and `columns` (lower case -> as it is) are written as the server writes them."""

    name: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Schema:
    """`tables` are those of the database, by their names in lower case. `years_over`: where mt5_deals stands beside
    tables of years, it is the one that is still written."""

    kind: str
    tables: Mapping[str, Table]
    years_over: bool = False

    @classmethod
    async def read(cls, kind: str, connection: ReportConnection) -> "Schema":
        rows = await connection.rows(
            "SELECT TABLE_NAME AS name, COLUMN_NAME AS field FROM information_schema.COLUMNS "
            "WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, ORDINAL_POSITION LIMIT %s",
            (_MOST_COLUMNS,),
        )
        schema = cls(kind, _tables(rows))
        return replace(schema, years_over=await _years_over(schema, connection))

    @property
    def missing(self) -> list[str]:
        """Needed tables, and columns of tables, that are not there."""
        lacking = []
        for name, columns in NEEDED[self.kind].items():
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
        start = _CUT_BY_YEARS.get(name)
        return [self.tables[each] for each in sorted(self.tables) if (m := _YEAR.fullmatch(each)) and m[1] == start]

    def advice(self) -> str:
        other = "mt5" if self.kind == "mt4" else "mt4"
        if any(name in self.tables for name in NEEDED[other]):
            return f"These are the tables of an {other.upper()} server, and this platform is an {self.kind} one."
        return (
            f"Missing: {_listed(self.missing)}. See that the database is the one that the server exports into, and "
            "that this user may SELECT from all its tables."
        )

    def summary(self) -> str:
        parts = ["MT4 report tables" if self.kind == "mt4" else "MT5 export tables"]
        optional = sorted(OPTIONAL[self.kind] & set(self.tables))
        known = set(NEEDED[self.kind]) | OPTIONAL[self.kind]
        extra = sorted(name for name in self.tables if name not in known and not _YEAR.fullmatch(name))
        if optional:
            parts.append(f"also {_listed(optional)}")
        if extra:
            parts.append(f"tables of your own: {_listed(extra)}")
        return "; ".join(parts)


async def _years_over(schema: Schema, connection: ReportConnection) -> bool:
    """Whether the deals of mt5_deals are newer than those of the tables of years beside it."""
    tables = schema.all_of("mt5_deals")
    if len(tables) < 2 or "mt5_deals" not in schema.tables or not all("deal" in each.columns for each in tables):
        return False
    highest = []
    for table in tables:
        statement = f"SELECT MAX({quoted(table.columns['deal'])}) AS highest FROM {quoted(table.name)}"  # noqa: S608
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
