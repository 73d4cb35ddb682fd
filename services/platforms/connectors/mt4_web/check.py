"""The check of MetaTrader 4 web services."""

from collections.abc import Sequence

from metatrader import Mt4QuotesClient
from metatrader import errors as mt
from platforms.checks.domain import Check, Failed, Finding, Stage
from platforms.connections.addresses import Policy
from platforms.connections.credentials import Credentials
from platforms.connections.dialer import Dialer
from platforms.connectors.webapi.check import failed

_SYMBOLS = ("EURUSD", "GBPUSD", "USDJPY", "XAUUSD")


class Mt4WebCheck(Check):
    """Quotes only: the web services sign in traders, not managers, so no password is ever sent."""

    def __init__(self, credentials: Credentials, policy: Policy) -> None:
        self._credentials = credentials
        self._dialer = Dialer(credentials.host, credentials.port, policy)

    def stages(self) -> Sequence[Stage]:
        return (
            ("name", 5.0, self._dialer.name),
            ("port", 5.0, self._dialer.port),
            ("plaintext", 1.0, self._plaintext),
            ("quotes", 6.0, self._quotes),
        )

    async def _plaintext(self) -> Finding:
        return Finding(
            "MT4 web services are not encrypted: use them in a private network only. We request quotes only.",
            "plaintext",
        )

    async def _quotes(self) -> Finding:
        client = Mt4QuotesClient(self._credentials.host, self._credentials.port, address=self._dialer.address)
        try:
            quotes = await client.quotes(_SYMBOLS)
        except mt.MetaTraderError as error:
            known = failed(error)
            raise Failed(
                known.outcome,
                "No quotes received. Check that the server has web services enabled and allows our address.",
            ) from error
        if not quotes:
            return Finding(f"None of {', '.join(_SYMBOLS)} has a quote on this server.", "no-quotes")
        return Finding(f"Quotes of {', '.join(quote.symbol for quote in quotes)}")
