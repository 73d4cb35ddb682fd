"""The report database of MetaTrader 4."""

from functools import partial

from platforms.connections.connector import Capability, Connector
from platforms.connections.forms import DbCredentials
from platforms.connectors.mt4_tables.layout import LAYOUT
from platforms.connectors.report_database.check import DatabaseCheck
from platforms.connectors.report_database.session import reading

CONNECTOR = Connector(
    name="mt4-tables",
    title="MT4 report database",
    summary="The tables of MetaTrader 4's report server, on MySQL or MariaDB.",
    kind="mt4",
    target="db",
    form=DbCredentials,
    capabilities=frozenset({Capability.CHECK, Capability.READ}),
    check=partial(DatabaseCheck, LAYOUT),
    reading=reading(LAYOUT),
)
