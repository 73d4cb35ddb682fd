"""MetaTrader 5 Web API and MetaTrader 4 quotes for asyncio. Not affiliated with MetaQuotes."""

from metatrader.credentials import PasswordHash
from metatrader.mt4 import Mt4QuotesClient, Quote
from metatrader.mt5.client import Mt5Client, Mt5HttpsClient, Mt5TcpClient
from metatrader.mt5.commands import PasswordKind

__all__ = [
    "Mt4QuotesClient",
    "Mt5Client",
    "Mt5HttpsClient",
    "Mt5TcpClient",
    "PasswordHash",
    "PasswordKind",
    "Quote",
]
