"""The report database of MetaTrader 5."""

from functools import partial

from platforms.connections.connector import Capability, Connector
from platforms.connections.forms import DbCredentials
from platforms.connectors.mt5_tables.layout import LAYOUT
from platforms.connectors.report_database.check import DatabaseCheck
from platforms.connectors.report_database.session import reading

CONNECTOR = Connector(
    name="mt5-tables",
    title="MT5 report database",
    summary="The tables of MetaTrader 5's SQL export, on MySQL or MariaDB.",
    kind="mt5",
    target="db",
    form=DbCredentials,
    capabilities=frozenset({Capability.CHECK, Capability.READ}),
    check=partial(DatabaseCheck, LAYOUT),
    reading=reading(LAYOUT),
)
