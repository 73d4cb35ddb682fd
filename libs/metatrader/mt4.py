"""MetaTrader 4 web services (the W protocol), quotes only.

Nothing is encrypted or authenticated: use it inside a private network, and for prices only.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal

from metatrader.errors import AnswerTooLarge, ConnectionFailed, ConnectionLost, InvalidValue, ProtocolError, TimedOut
from metatrader.models.values import Moment, moment, number
from metatrader.mt5.session import Target, os_reason

_MAX_ANSWER = 1024 * 1024
_END = b"end"


@dataclass(frozen=True)
class Quote:
    """`direction` is `up` or `down`; `time` is the server's clock."""

    symbol: str
    direction: str
    bid: Decimal
    ask: Decimal
    time: Moment


class Mt4QuotesClient:
    """Requests quotes from an MT4 server; each request opens a connection, in clear text."""

    def __init__(
        self,
        host: str,
        port: int = 443,
        *,
        address: str | None = None,
        zone: tzinfo = UTC,
        timeout: float = 5.0,
        encoding: str = "cp1252",
    ) -> None:
        """`address` is dialled in place of `host`; `encoding` is the server's ANSI code page."""
        self._target = Target(host, port, address)
        self._zone = zone
        self._timeout = timeout
        self._encoding = encoding

    async def quotes(self, symbols: Iterable[str]) -> list[Quote]:
        """Quotes of the symbols that the server knows; raises InvalidValue, ConnectionFailed, ConnectionLost,
        TimedOut, ProtocolError."""
        line = query(symbols)
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._ask(line.encode(self._encoding))
            return [parse_quote(text, self._zone) for text in answer.decode(self._encoding).split("\n") if text.strip()]
        except TimeoutError as error:
            raise TimedOut(f"WQUOTES: no answer within {self._timeout:g} s") from error
        except UnicodeEncodeError as error:
            raise InvalidValue(f"a symbol cannot be written in {self._encoding}") from error
        except UnicodeDecodeError as error:
            raise ProtocolError(f"the answer is not in {self._encoding}") from error

    async def _ask(self, line: bytes) -> bytes:
        try:
            reader, writer = await asyncio.open_connection(self._target.dialled, self._target.port)
        except OSError as error:
            raise ConnectionFailed(f"{self._target.host}:{self._target.port}: {os_reason(error)}") from error
        try:
            writer.write(line + b"\nQUIT\n")
            return await _lines(reader)
        except OSError as error:
            raise ConnectionLost("the server closed the connection") from error
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


async def _lines(reader: asyncio.StreamReader) -> bytes:
    """Read up to a line `end`, or until the server closes the connection after a complete line."""
    answer = bytearray()
    while piece := await reader.read(65536):
        answer += piece
        if len(answer) > _MAX_ANSWER:
            raise AnswerTooLarge(f"the answer is longer than {_MAX_ANSWER} bytes")
        if (b"\n" + answer).endswith((b"\nend\r\n", b"\nend\n")):
            return bytes(answer[: answer.rindex(_END)])
    if answer and not answer.endswith(b"\n"):
        raise ConnectionLost("the server closed the connection in the middle of a line")
    return bytes(answer)


def query(symbols: Iterable[str]) -> str:
    """The line that asks for quotes; raises InvalidValue for a symbol that would end it or begin another."""
    names = list(symbols)
    for name in names:
        if not name or any(char in "|,\r\n" or char.isspace() for char in name):
            raise InvalidValue("a symbol has at least one character, and no `|`, comma, blank or line end")
    if not names:
        raise InvalidValue("symbols: give at least one")
    return f"WQUOTES-{','.join(names)},"


def parse_quote(line: str, zone: tzinfo) -> Quote:
    """`direction symbol bid ask date time`; raises ProtocolError for another line."""
    try:
        direction, symbol, bid, ask, date, clock = line.split()
        wall = datetime.strptime(f"{date} {clock}", "%Y.%m.%d %H:%M:%S").replace(tzinfo=UTC)
        if direction not in ("up", "down"):
            raise ValueError("no quote")
        return Quote(symbol, direction, number(bid), number(ask), moment(int(wall.timestamp()), zone))
    except ValueError as error:
        raise ProtocolError("WQUOTES: a line is no quote") from error
