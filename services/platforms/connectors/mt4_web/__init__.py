"""MetaTrader 4 web services: quotes only."""

from platforms.connections.connector import Capability, Connector
from platforms.connections.forms import ApiCredentials
from platforms.connectors.mt4_web.check import Mt4WebCheck
from platforms.connectors.mt4_web.simulator import simulator

CONNECTOR = Connector(
    name="mt4-web",
    title="MT4 web services",
    summary="Quotes in clear text. Traders sign in, not managers.",
    kind="mt4",
    target="api",
    form=ApiCredentials,
    capabilities=frozenset({Capability.CHECK}),
    check=Mt4WebCheck,
    tls="off",
    simulator=simulator,
    rank=10,
)
