"""Connections: how many, how long they live, and who keeps them awake."""

import asyncio
from typing import Any

import pytest

from metatrader import Mt5TcpClient
from metatrader.errors import InvalidValue
from metatrader.simulator import Broker, FaultKind, TcpSimulator

pytestmark = pytest.mark.anyio


async def test_the_pool_never_exceeds_its_size(carrier: Any) -> None:
    async with carrier.client(connections=3) as client:
        for _ in range(3):
            carrier.simulator.faults.add(FaultKind.DELAY, "SYMBOL_TOTAL", seconds=0.05)
        assert await asyncio.gather(*(client.symbol_total() for _ in range(12))) == [6] * 12
        assert carrier.simulator.journal.count("AUTH_ANSWER") == 3


async def test_one_request_in_flight_per_connection(carrier: Any) -> None:
    async with carrier.client() as client:
        totals = await asyncio.gather(*(client.symbol_total() for _ in range(10)))
        assert totals == [6] * 10
        assert carrier.simulator.journal.count("CONNECTED") == 1


async def test_idle_connections_are_kept_awake(carrier: Any) -> None:
    async with carrier.client(keep_alive=0.02):
        await carrier.simulator.journal.wait_for("TEST_ACCESS" if carrier.tls else "PING", times=3)
        assert carrier.simulator.journal.count("CONNECTED") == 1


async def test_a_silent_client_is_cut_and_a_pinging_one_is_not(broker: Broker) -> None:
    async with TcpSimulator(broker, idle=1.0) as simulator:
        options: dict[str, Any] = {"login": 1000, "password": "Correct-horse-1"}
        async with Mt5TcpClient("127.0.0.1", simulator.port, keep_alive=0.05, **options) as awake:
            async with Mt5TcpClient("127.0.0.1", simulator.port, keep_alive=60, **options) as asleep:
                await simulator.journal.wait_for("CLOSED")
                assert await asleep.symbol_total() == 6
            assert await awake.symbol_total() == 6
            assert simulator.journal.count("CONNECTED") == 3


async def test_a_connection_that_died_while_idle_is_dropped_by_its_ping(carrier: Any) -> None:
    async with carrier.client(keep_alive=0.02) as client:
        await carrier.simulator.drop()
        await carrier.simulator.journal.wait_for("CLOSED")
        assert await client.symbol_total() == 6


async def test_closing_the_client_sends_a_quit(tcp: Any) -> None:
    async with tcp.client() as client:
        assert await client.symbol_total() == 6
    await tcp.simulator.journal.wait_for("CLOSED")
    assert tcp.simulator.journal.count("QUIT") == 1


async def test_serial_numbers_wrap_around(tcp: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metatrader.mt5.tcp.MAX_CLIENT_SERIAL", 3)
    async with tcp.client() as client:
        assert [await client.symbol_total() for _ in range(8)] == [6] * 8


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"connections": 0}, "connections"),
        ({"port": 0}, "port"),
        ({"host": ""}, "host"),
        ({"host": "a..b"}, "host"),
        ({"host": "example.com/path"}, "host"),
        ({"host": "user@example.com"}, "host"),
        ({"host": "x" * 64}, "host"),
        ({"address": "example.com"}, "address"),
        ({"port": 70000}, "port"),
    ],
)
async def test_invalid_options_are_refused(options: dict[str, Any], name: str) -> None:
    given: dict[str, Any] = {"host": "localhost", "login": 1, "password": "x"} | options
    with pytest.raises(InvalidValue, match=name):
        Mt5TcpClient(**given)
