"""The MetaTrader 5 Web API over TCP."""

from functools import partial

from platforms.connections.connector import Capability, Connector
from platforms.connections.forms import ApiCredentials
from platforms.connectors.mt5_webapi.simulator import simulator
from platforms.connectors.webapi.check import WebApiCheck
from platforms.connectors.webapi.client import hashed, over_tcp
from platforms.connectors.webapi.session import reading

CONNECTOR = Connector(
    name="mt5-webapi",
    title="MT5 Web API",
    summary="The server's own protocol over TCP. Recommended.",
    kind="mt5",
    target="api",
    form=ApiCredentials,
    capabilities=frozenset({Capability.CHECK, Capability.READ}),
    check=partial(WebApiCheck, over_tcp, https=False),
    reading=reading(over_tcp),
    tls="off",
    kept_secret=hashed,
    simulator=simulator,
    rank=10,
)
