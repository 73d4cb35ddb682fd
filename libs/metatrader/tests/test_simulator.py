"""The simulators, spoken to byte by byte: what a faithful server does."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from metatrader import Mt4QuotesClient, Mt5HttpsClient, Mt5TcpClient
from metatrader.credentials import PasswordHash
from metatrader.mt5.frames import PING, PREFIX, Frame, FrameDecoder, encode_frame
from metatrader.mt5.text import Message
from metatrader.simulator import Broker, Manager, Right, TcpSimulator, invent
from metatrader.simulator.broker import matches

pytestmark = pytest.mark.anyio

START = {"VERSION": "3211", "AGENT": "Test", "LOGIN": "1000", "TYPE": "MANAGER", "CRYPT_METHOD": "NONE"}


class Raw:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._frames = FrameDecoder()

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def frame(self) -> Frame | None:
        """None when the server has closed."""
        while (frame := self._frames.next()) is None:
            data = await self._reader.read(65536)
            if not data:
                return None
            self._frames.feed(data)
        return frame

    async def ask(self, serial: int, name: str, **params: str) -> Message:
        self.send(encode_frame(serial, Message(name, params).encode()))
        frame = await self.frame()
        assert frame is not None
        assert frame.serial == serial
        return Message.decode(frame.body)

    async def sign_in(self) -> None:
        self.send(PREFIX)
        start = await self.ask(1, "AUTH_START", **START)
        proof = PasswordHash.derive("Correct-horse-1").answer(bytes.fromhex(start.params["SRV_RAND"]))
        answer = await self.ask(2, "AUTH_ANSWER", SRV_RAND_ANSWER=proof.hex(), CLI_RAND="00" * 16)
        assert answer.params["RETCODE"] == "0 Done"
        assert "CRYPT_RAND" not in answer.params


@asynccontextmanager
async def raw(simulator: TcpSimulator) -> AsyncIterator[Raw]:
    reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
    try:
        yield Raw(reader, writer)
    finally:
        writer.close()


async def test_without_the_prefix_the_connection_is_closed(tcp: Any) -> None:
    async with raw(tcp.simulator) as peer:
        peer.send(encode_frame(1, Message("AUTH_START", START).encode()))
        assert await peer.frame() is None


async def test_a_command_before_the_sign_in_is_refused_and_the_connection_closed(tcp: Any) -> None:
    async with raw(tcp.simulator) as peer:
        peer.send(PREFIX)
        assert (await peer.ask(1, "SYMBOL_TOTAL")).params["RETCODE"].startswith("1001 ")
        assert await peer.frame() is None


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"AGENT": ""}, "3"),
        ({"AGENT": "two words"}, "3"),
        ({"LOGIN": "x"}, "3"),
        ({"VERSION": "483"}, "1010"),
        ({"TYPE": "CLIENT"}, "1017"),
        ({"LOGIN": "1002"}, "1012"),
    ],
)
async def test_a_sign_in_requires_all_parameters(tcp: Any, changed: dict[str, str], code: str) -> None:
    async with raw(tcp.simulator) as peer:
        peer.send(PREFIX)
        answer = await peer.ask(1, "AUTH_START", **(START | changed))
        assert answer.params["RETCODE"].split()[0] == code


async def test_an_answer_that_comes_late_is_refused(broker: Broker) -> None:
    async with TcpSimulator(broker, sign_in_limit=0) as simulator, raw(simulator) as peer:
        peer.send(PREFIX)
        start = await peer.ask(1, "AUTH_START", **START)
        proof = PasswordHash.derive("Correct-horse-1").answer(bytes.fromhex(start.params["SRV_RAND"]))
        answer = await peer.ask(2, "AUTH_ANSWER", SRV_RAND_ANSWER=proof.hex(), CLI_RAND="00" * 16)
        assert answer.params["RETCODE"].startswith("1001 ")
        assert await peer.frame() is None


async def test_a_manager_without_the_right_to_connect(tcp: Any, broker: Broker) -> None:
    hashed = PasswordHash.derive("Correct-horse-1")
    broker.add_manager(Manager(2000, hashed, rights=frozenset({Right.ACCOUNTS})))
    async with raw(tcp.simulator) as peer:
        peer.send(PREFIX)
        start = await peer.ask(1, "AUTH_START", **(START | {"LOGIN": "2000"}))
        proof = hashed.answer(bytes.fromhex(start.params["SRV_RAND"]))
        answer = await peer.ask(2, "AUTH_ANSWER", SRV_RAND_ANSWER=proof.hex(), CLI_RAND="00" * 16)
        assert answer.params["RETCODE"].startswith("1011 ")


async def test_pings_of_both_kinds_are_accepted_and_not_answered(tcp: Any) -> None:
    async with raw(tcp.simulator) as peer:
        await peer.sign_in()
        peer.send(PING + encode_frame(0, "|\r\n".encode("utf-16-le")))
        assert (await peer.ask(3, "SYMBOL_TOTAL")).params["TOTAL"] == "6"
        assert tcp.simulator.journal.count("PING") == 2


async def test_a_long_answer_has_parts_with_a_servers_ping_between_them(tcp: Any) -> None:
    async with raw(tcp.simulator) as peer:
        await peer.sign_in()
        params = {"LOGIN": "100001", "FROM": "0", "TO": "2000000000", "OFFSET": "0", "TOTAL": "500"}
        peer.send(encode_frame(3, Message("DEAL_GET_PAGE", params).encode()))
        frames: list[Frame] = []
        while not frames or frames[-1].serial != 3 or frames[-1].more:
            frame = await peer.frame()
            assert frame is not None
            frames.append(frame)
    assert [len(frame.body) for frame in frames[:2]] == [0xFFFF, 0]
    assert frames[1].serial >= 0x4000
    text = b"".join(frame.body for frame in frames if frame.serial == 3)
    rows = json.loads(Message.decode(text).body)
    assert len(rows) == 100
    assert all(isinstance(value, str) for row in rows for value in row.values())
    assert ",\r\n" in Message.decode(text).body


async def test_invalid_requests_are_refused_with_their_codes(tcp: Any) -> None:
    async with raw(tcp.simulator) as peer:
        await peer.sign_in()
        for serial, (name, params, code) in enumerate(
            (
                ("NO_SUCH_COMMAND", {}, "12002"),
                ("USER_GET", {"LOGIN": "5"}, "13"),
                ("USER_GET", {}, "3"),
                ("USER_GET", {"LOGIN": "-1"}, "3"),
                ("GROUP_NEXT", {"INDEX": "99"}, "13"),
            ),
            start=3,
        ):
            answer = await peer.ask(serial, name, **params)
            assert (answer.name, answer.params["RETCODE"].split()[0]) == (name, code)


@pytest.mark.parametrize(
    ("masks", "group", "seen"),
    [
        ("*", "demo\\forex", True),
        ("real\\*", "real\\pro", True),
        ("real\\*", "demo\\forex", False),
        ("*,!demo*", "demo\\forex", False),
        ("!demo*,*", "real\\pro", True),
        ("real\\pro", "REAL\\PRO", True),
        ("", "real\\pro", False),
        ("real\\[a]*", "real\\a", False),
    ],
)
def test_groups_are_matched_by_masks(masks: str, group: str, seen: bool) -> None:
    assert matches(masks, group) is seen


def test_a_seed_is_reproducible() -> None:
    one, other, third = (invent(seed, users=3, trades=20) for seed in (5, 5, 6))
    assert one.deals == other.deals
    assert one.positions == other.positions
    assert one.deals != third.deals
    for login, deals in one.deals.items():
        assert deals == sorted(deals, key=lambda deal: deal.time_msc)
        assert one.account(login)["Balance"] == str(one.balance(login))


async def test_the_command_starts_all_simulators_and_prints_their_addresses() -> None:
    arguments = ("--password", "Another-pass-1", "--login", "5000", "--users", "2", "--trades", "3")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "metatrader.simulator",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        assert process.stdout is not None
        places = json.loads(await asyncio.wait_for(process.stdout.readline(), 20))
        tcp, https, mt4 = places["mt5_tcp"], places["mt5_https"], places["mt4_web"]
        assert tcp.pop("ca_pem") is None
        async with Mt5TcpClient(**tcp) as one, Mt5HttpsClient(**https) as other:
            assert await one.user_logins() == await other.user_logins() == [100_001, 100_002]
        assert len(await Mt4QuotesClient(mt4["host"], mt4["port"]).quotes(["EURUSD"])) == 1
    finally:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 20) == 0
