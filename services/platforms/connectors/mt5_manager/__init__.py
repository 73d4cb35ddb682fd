"""The MetaTrader 5 Manager API."""

from platforms.connections.connector import Connector
from platforms.connections.forms import ApiCredentials
from platforms.connectors.manager_api.check import ManagerCheck

CONNECTOR = Connector(
    name="mt5-manager",
    title="MT5 Manager API",
    summary="Requires MetaQuotes' Windows library: credentials are stored, checks test the port only.",
    kind="mt5",
    target="api",
    form=ApiCredentials,
    capabilities=frozenset(),
    check=ManagerCheck,
    tls="off",
    rank=30,
)
