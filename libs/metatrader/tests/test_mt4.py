"""MetaTrader 4's quotes."""

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metatrader import Mt4QuotesClient, Quote
from metatrader.errors import (
    AnswerTooLarge,
    ConnectionFailed,
    ConnectionLost,
    InvalidValue,
    ProtocolError,
    TimedOut,
)
from metatrader.mt4 import parse_quote, query
from metatrader.simulator import Broker, FaultKind, Mt4Simulator

pytestmark = pytest.mark.anyio


@pytest.fixture
async def server(broker: Broker) -> AsyncIterator[Mt4Simulator]:
    async with Mt4Simulator(broker) as simulator:
        yield simulator


async def test_quotes_of_known_symbols(server: Mt4Simulator, broker: Broker) -> None:
    quotes = await Mt4QuotesClient("127.0.0.1", server.port).quotes(["EURUSD", "NOTHING", "XAUUSD"])
    assert [quote.symbol for quote in quotes] == ["EURUSD", "XAUUSD"]
    assert quotes[0].bid == Decimal("1.08450")
    assert all(quote.bid < quote.ask for quote in quotes)


async def test_the_address_may_be_given_apart_from_the_host(server: Mt4Simulator) -> None:
    client = Mt4QuotesClient("mt4.invalid", server.port, address="127.0.0.1")
    assert await client.quotes(["NOTHING"]) == []


def test_a_line_is_a_quote() -> None:
    zone = timezone(timedelta(hours=3))
    read = parse_quote("down EURUSD 1.3012 1.3014 2005.10.31 12:59:35", zone)
    assert read.time.utc == datetime(2005, 10, 31, 9, 59, 35, tzinfo=UTC)
    assert read == Quote("EURUSD", "down", Decimal("1.3012"), Decimal("1.3014"), read.time)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_another_line_is_a_protocol_error(line: str) -> None:
    with pytest.raises(ProtocolError):
        parse_quote(line, UTC)


@pytest.mark.parametrize("symbol", ["", "A|B", "A\r", "A\nQUIT", "A,B", "A B"])
def test_a_symbol_cannot_become_another_query(symbol: str) -> None:
    with pytest.raises(InvalidValue, match="symbol"):
        query(["EURUSD", symbol])


def test_a_query_names_a_symbol_and_ends_with_a_comma() -> None:
    assert query(["EURUSD", "GBPUSD"]) == "WQUOTES-EURUSD,GBPUSD,"
    with pytest.raises(InvalidValue, match="at least one"):
        query([])


async def test_a_symbol_outside_the_code_page(server: Mt4Simulator) -> None:
    with pytest.raises(InvalidValue, match="cp1252"):
        await Mt4QuotesClient("127.0.0.1", server.port).quotes(["黄金"])


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (FaultKind.SILENT, TimedOut),
        (FaultKind.HALF, TimedOut),
        (FaultKind.RESET, ConnectionLost),
        (FaultKind.BAD_TEXT, ProtocolError),
    ],
)
async def test_faults(server: Mt4Simulator, fault: FaultKind, kind: type[Exception]) -> None:
    server.faults.add(fault)
    with pytest.raises(kind):
        await Mt4QuotesClient("127.0.0.1", server.port, timeout=0.3).quotes(["EURUSD"])


async def test_a_closed_port() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionFailed):
            await Mt4QuotesClient("127.0.0.1", taken.getsockname()[1]).quotes(["EURUSD"])


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"up EURUSD 1.1 1.2 2024.01.02 10:00:00\r\n", None),
        (b"end\n", None),
        (b"up EURUSD 1.1 1.2 2024.01.02 10:0", ConnectionLost),
        (b"\x81\x8d\r\nend\r\n", ProtocolError),
        (b"x" * 1_100_000, AnswerTooLarge),
    ],
)
async def test_answers_of_all_kinds(answer: bytes, kind: type[Exception] | None) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"QUIT\n")
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        client = Mt4QuotesClient("127.0.0.1", server.sockets[0].getsockname()[1])
        if kind is None:
            assert len(await client.quotes(["EURUSD"])) == answer.count(b"EURUSD")
        else:
            with pytest.raises(kind):
                await client.quotes(["EURUSD"])
