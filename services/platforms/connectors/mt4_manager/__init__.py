"""The MetaTrader 4 Manager API."""

from platforms.connections.connector import Connector
from platforms.connections.forms import ApiCredentials
from platforms.connectors.manager_api.check import ManagerCheck

CONNECTOR = Connector(
    name="mt4-manager",
    title="MT4 Manager API",
    summary="Needs MetaQuotes' Windows library: credentials are stored, a check ends at the port.",
    kind="mt4",
    target="api",
    form=ApiCredentials,
    capabilities=frozenset(),
    check=ManagerCheck,
    tls="off",
    rank=30,
)
