"""Servers that are wrong, slow, gone or lying, over both carriers."""

import asyncio
import socket
from datetime import UTC, datetime
from typing import Any

import pytest

from metatrader import Mt5HttpsClient, Mt5TcpClient, errors
from metatrader.mt5.frames import encode_frame
from metatrader.mt5.text import Message
from metatrader.simulator import FaultKind, TcpSimulator
from metatrader.simulator.broker import Broker

pytestmark = pytest.mark.anyio

_ALWAYS = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"password": "wrong"}, errors.AuthFailed),
        ({"login": 77}, errors.AuthFailed),
        ({"login": 1001}, errors.AccountDisabled),
        ({"login": 1002}, errors.AddressBlocked),
    ],
)
async def test_refused_sign_ins_have_distinct_errors(
    carrier: Any, options: dict[str, Any], kind: type[errors.MetaTraderError]
) -> None:
    with pytest.raises(kind) as caught:
        await carrier.client(**options).__aenter__()
    assert caught.value.permanent
    assert "wrong" not in str(caught.value)


async def test_a_server_with_a_wrong_proof_is_refused(carrier: Any) -> None:
    carrier.simulator.faults.add(FaultKind.LYING, "AUTH_ANSWER")
    with pytest.raises(errors.ServerNotProven) as caught:
        await carrier.client().__aenter__()
    assert caught.value.code == 1008
    assert caught.value.permanent


async def test_nothing_is_sent_after_a_permanent_refusal(carrier: Any) -> None:
    client = carrier.client(password="wrong", connections=4)
    results = await asyncio.gather(*(client.symbol_total() for _ in range(4)), return_exceptions=True)
    assert {type(result) for result in results} == {errors.AuthFailed}
    assert carrier.simulator.journal.count("AUTH_ANSWER") == 1


@pytest.mark.parametrize("command", ["AUTH_START", "AUTH_ANSWER", "SYMBOL_TOTAL"])
@pytest.mark.parametrize("fault", [FaultKind.SILENT, FaultKind.HALF])
async def test_a_request_times_out_at_its_deadline(carrier: Any, command: str, fault: FaultKind) -> None:
    carrier.simulator.faults.add(fault, command)
    client = carrier.client(timeout=0.1)
    with pytest.raises(errors.TimedOut):
        async with client:
            await client.symbol_total()
    assert not errors.TimedOut.permanent


async def test_after_a_deadline_the_next_request_has_a_new_connection(carrier: Any) -> None:
    async with carrier.client(timeout=1.0) as client:
        carrier.simulator.faults.add(FaultKind.SILENT, "SYMBOL_TOTAL")
        with pytest.raises(errors.TimedOut):
            await client.symbol_total()
        assert await client.symbol_total() == 6
        assert carrier.simulator.journal.count("CONNECTED") == 2


@pytest.mark.parametrize("fault", [FaultKind.RESET, FaultKind.CLOSE])
async def test_a_read_is_repeated_after_a_lost_connection(carrier: Any, fault: FaultKind) -> None:
    async with carrier.client() as client:
        carrier.simulator.faults.add(fault, "SYMBOL_TOTAL")
        assert await client.symbol_total() == 6
        assert carrier.simulator.journal.count("SYMBOL_TOTAL") == 2


async def test_a_read_is_repeated_a_limited_number_of_times(carrier: Any) -> None:
    async with carrier.client() as client:
        for _ in range(5):
            carrier.simulator.faults.add(FaultKind.RESET, "SYMBOL_TOTAL")
        with pytest.raises(errors.ConnectionLost):
            await client.symbol_total()
        assert carrier.simulator.journal.count("SYMBOL_TOTAL") == 3


async def test_a_write_is_not_repeated_after_a_lost_connection(carrier: Any) -> None:
    async with carrier.client() as client:
        carrier.simulator.faults.add(FaultKind.RESET, "USER_PASS_CHANGE")
        with pytest.raises(errors.ConnectionLost):
            await client.user_password_change(100_001, "Newer-pass-1")
        assert carrier.simulator.journal.count("USER_PASS_CHANGE") == 1


@pytest.mark.parametrize("fault", [FaultKind.RESET, FaultKind.CLOSE])
async def test_a_server_that_hangs_up_during_the_sign_in(carrier: Any, fault: FaultKind) -> None:
    carrier.simulator.faults.add(fault, "AUTH_ANSWER")
    with pytest.raises(errors.ConnectionFailed):
        await carrier.client().__aenter__()


async def test_a_too_frequent_refusal_is_retried_later(carrier: Any) -> None:
    async with carrier.client() as client:
        carrier.simulator.faults.add(FaultKind.RETCODE, "SYMBOL_TOTAL", retcode=12)
        assert await client.symbol_total() == 6
        for _ in range(3):
            carrier.simulator.faults.add(FaultKind.RETCODE, "SYMBOL_TOTAL", retcode=12)
        with pytest.raises(errors.TooFrequent):
            await client.symbol_total()
        assert carrier.simulator.journal.count("CONNECTED") == 1


async def test_a_connection_to_a_stopping_server_is_closed(carrier: Any) -> None:
    async with carrier.client() as client:
        carrier.simulator.faults.add(FaultKind.RETCODE, "SYMBOL_TOTAL", retcode=15)
        with pytest.raises(errors.ShuttingDown):
            await client.symbol_total()
        assert await client.symbol_total() == 6
        assert carrier.simulator.journal.count("CONNECTED") == 2


@pytest.mark.parametrize("fault", [FaultKind.BAD_TEXT, FaultKind.NOT_JSON])
async def test_a_protocol_error_closes_the_connection(carrier: Any, fault: FaultKind) -> None:
    async with carrier.client() as client:
        carrier.simulator.faults.add(fault, "USER_GET")
        with pytest.raises(errors.ProtocolError):
            await client.user(100_001)
        assert (await client.user(100_001)).login == 100_001
        assert carrier.simulator.journal.count("CONNECTED") == 2


async def test_a_restarted_server_is_signed_in_to_again(carrier: Any) -> None:
    async with carrier.client() as client:
        assert await client.symbol_total() == 6
        await carrier.simulator.drop()
        await carrier.simulator.journal.wait_for("CLOSED")
        assert await client.symbol_total() == 6
        assert carrier.simulator.journal.count("AUTH_ANSWER") == 2


async def test_an_answer_beyond_the_limit_is_refused(carrier: Any) -> None:
    async with carrier.client(max_answer=2_000) as client:
        with pytest.raises(errors.AnswerTooLarge):
            [order async for order in client.history(100_001, *_ALWAYS)]


async def test_a_late_answer_of_another_request_is_ignored(tcp: Any) -> None:
    async with tcp.client() as client:
        tcp.simulator.faults.add(FaultKind.STALE, "SYMBOL_TOTAL")
        assert await client.symbol_total() == 6
        assert await client.group_total() == 4


async def test_a_slow_answer_is_waited_for(carrier: Any) -> None:
    async with carrier.client() as client:
        carrier.simulator.faults.add(FaultKind.DELAY, "SYMBOL_TOTAL", seconds=0.05)
        assert await client.symbol_total() == 6


async def test_a_cancelled_request_does_not_leave_its_answer_to_the_next(carrier: Any) -> None:
    async with carrier.client() as client:
        carrier.simulator.faults.add(FaultKind.SILENT, "SYMBOL_TOTAL")
        task = asyncio.create_task(client.symbol_total())
        await carrier.simulator.journal.wait_for("SYMBOL_TOTAL")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await client.group_total() == 4


@pytest.mark.parametrize("kind", [Mt5TcpClient, Mt5HttpsClient])
async def test_a_closed_port_and_an_unknown_name(kind: type[Mt5TcpClient | Mt5HttpsClient]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(errors.ConnectionFailed, match=r"127\.0\.0\.1:\d+: .*refused"):
            await kind("127.0.0.1", taken.getsockname()[1], login=1, password="x").__aenter__()
    with pytest.raises(errors.ConnectionFailed, match=r"name\.invalid:443: "):
        await kind("name.invalid", login=1, password="x").__aenter__()


async def test_a_server_that_accepts_and_says_nothing() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        place = "127.0.0.1", deaf.getsockname()[1]
        for kind in (Mt5TcpClient, Mt5HttpsClient):
            with pytest.raises(errors.TimedOut):
                await kind(*place, login=1, password="x", timeout=0.2, connect_timeout=0.2).__aenter__()


async def test_an_unknown_login_may_have_a_code_of_its_own(broker: Broker) -> None:
    async with TcpSimulator(broker, unknown_login=1020) as simulator:
        with pytest.raises(errors.AuthFailed, match="1020"):
            await Mt5TcpClient("127.0.0.1", simulator.port, login=5, password="x").__aenter__()


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Message("AUTH_START", {"RETCODE": "0 Done"}), "lacks SRV_RAND"),
        (Message("AUTH_START", {"RETCODE": "0 Done", "SRV_RAND": "zz"}), "not hexadecimal"),
        (Message("AUTH_START", {"RETCODE": "0 Done", "SRV_RAND": "00"}), "16 bytes"),
        (Message("AUTH_START"), "no return code"),
        (Message("TIME_SERVER", {"RETCODE": "0 Done"}), "another command"),
    ],
)
async def test_a_malformed_sign_in_answer_is_a_protocol_error(answer: Message, problem: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\n\x00")
        writer.write(encode_frame(1, answer.encode()))
        await writer.drain()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(errors.ProtocolError, match=problem):
            await Mt5TcpClient("127.0.0.1", port, login=1, password="x").__aenter__()
