"""Checks of the APIs that cannot be checked to the end: the Manager APIs, and MetaTrader 4 web services."""

from collections.abc import Sequence

from metatrader import Mt4QuotesClient
from metatrader import errors as mt
from platforms.addresses import Policy
from platforms.checking.mt5 import failed
from platforms.checking.reach import Reach
from platforms.checking.steps import Check, Failed, Finding, Stage
from platforms.credentials import Credentials

_SYMBOLS = ("EURUSD", "GBPUSD", "USDJPY", "XAUUSD")


class ManagerCheck(Check):
    """The Manager API speaks through MetaQuotes' Windows library only, so nobody can sign in from here."""

    target = "api"

    def __init__(self, credentials: Credentials, policy: Policy) -> None:
        self._reach = Reach(credentials.host, credentials.port, policy)

    def stages(self) -> Sequence[Stage]:
        return (
            ("name", 5.0, self._reach.name),
            ("port", 5.0, self._reach.port),
            ("sign-in", 1.0, self._sign_in),
        )

    async def _sign_in(self) -> Finding:
        raise Failed(
            "not-checkable",
            "The port answers. The Manager API needs MetaQuotes' Windows library, so the credentials are kept but "
            "cannot be tried from here.",
        )


class Mt4WebCheck(Check):
    """Quotes only: the web services sign in traders, not managers, so no password is ever sent."""

    target = "api"

    def __init__(self, credentials: Credentials, policy: Policy) -> None:
        self._credentials = credentials
        self._reach = Reach(credentials.host, credentials.port, policy)

    def stages(self) -> Sequence[Stage]:
        return (
            ("name", 5.0, self._reach.name),
            ("port", 5.0, self._reach.port),
            ("plaintext", 1.0, self._plaintext),
            ("quotes", 6.0, self._quotes),
        )

    async def _plaintext(self) -> Finding:
        return Finding(
            "MT4 web services have no encryption: keep them inside a private network. We ask for quotes only.",
            "plaintext",
        )

    async def _quotes(self) -> Finding:
        client = Mt4QuotesClient(self._credentials.host, self._credentials.port, address=self._reach.address)
        try:
            quotes = await client.quotes(_SYMBOLS)
        except mt.MetaTraderError as error:
            known = failed(error)
            raise Failed(
                known.outcome,
                "No quotes came. See that web services are enabled on the server and our address allowed.",
            ) from error
        if not quotes:
            return Finding(f"None of {', '.join(_SYMBOLS)} has a quote on this server.", "no-quotes")
        return Finding(f"Quotes of {', '.join(quote.symbol for quote in quotes)}")
