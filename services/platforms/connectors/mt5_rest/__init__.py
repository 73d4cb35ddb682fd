"""The MetaTrader 5 Web API over HTTPS."""

from functools import partial

from platforms.connections.connector import Capability, Connector
from platforms.connections.forms import ApiCredentials
from platforms.connectors.mt5_rest.simulator import simulator
from platforms.connectors.webapi.check import WebApiCheck
from platforms.connectors.webapi.client import hashed, over_https
from platforms.connectors.webapi.session import reading

CONNECTOR = Connector(
    name="mt5-rest",
    title="MT5 Web API over HTTPS",
    summary="The protocol of the MT5 Web API over HTTPS, with a certificate.",
    kind="mt5",
    target="api",
    form=ApiCredentials,
    capabilities=frozenset({Capability.CHECK, Capability.READ}),
    check=partial(WebApiCheck, over_https, https=True),
    reading=reading(over_https),
    tls="verify",
    kept_secret=hashed,
    simulator=simulator,
    rank=20,
)
