"""Deals from the TCP simulator, paged and encrypted, against the bare codec on the same bytes.

    python -m metatrader.benchmarks.deals [--deals 100000] [--rounds 3]

The simulator runs in a process of its own. A recording relay between it and a first client notes the server's bytes;
the codec then turns those bytes into deals without any network (frames, decryption, UTF-16, JSON, models), and the
client reads the same deals again from the simulator itself. The goal is a ratio of at least 0.5.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter

from metatrader import Mt5TcpClient, PasswordHash
from metatrader.models import Deal
from metatrader.mt5.answers import Answer
from metatrader.mt5.cipher import ciphers
from metatrader.mt5.frames import AnswerParts, FrameDecoder
from metatrader.mt5.text import Message

SINCE, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
USER = 100_001
_DEALS = TypeAdapter(list[Deal])


class Relay:
    """Hands a connection on to the simulator and keeps what the simulator answers."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.answered = bytearray()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, here = await asyncio.open_connection("127.0.0.1", self._port)
        await asyncio.gather(_pump(reader, here, None), _pump(there, writer, self.answered))


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter, kept: bytearray | None) -> None:
    with suppress(OSError):
        while data := await source.read(262_144):
            if kept is not None:
                kept += data
            sink.write(data)
            await sink.drain()
    sink.close()


def decode(stream: bytes, password: PasswordHash, *, models: bool) -> int:
    """What a client does with the bytes of a session, without asking for them; gives the number of deals."""
    frames = FrameDecoder()
    frames.feed(stream)
    count, serial, cipher = 0, 1, None
    collected = AnswerParts(serial, limit=2**24)
    while (frame := frames.next()) is not None:
        if cipher is not None and frame.body:
            frame = frame._replace(body=cipher.apply(frame.body))
        whole = collected.add(frame)
        if whole is None:
            continue
        message = Message.decode(whole)
        if message.name == "AUTH_ANSWER":
            cipher = ciphers(password, bytes.fromhex(message.params["CRYPT_RAND"]))[1]
        elif message.name == "DEAL_GET_PAGE":
            answer = Answer.of_message(message)
            count += len(answer.read(_DEALS, UTC)) if models else message.body.count('"Deal"')
        serial += 1
        collected = AnswerParts(serial, limit=2**24)
    return count


async def read(port: int, login: int, password: str) -> int:
    count = 0
    async with Mt5TcpClient("127.0.0.1", port, login=login, password=password) as client:
        async for _ in client.deals(USER, SINCE, UNTIL):
            count += 1
    return count


@contextmanager
def timed(what: str, times: dict[str, list[float]]) -> Iterator[None]:
    """Adds the time that passed, and the processor's."""
    start, worked = time.perf_counter(), time.process_time()
    yield
    times.setdefault(what, []).append(time.perf_counter() - start)
    times.setdefault(f"{what}, processor", []).append(time.process_time() - worked)


async def measure(place: dict[str, Any], rounds: int) -> dict[str, float]:
    """Rounds of each in turn; the shortest counts, because the machine is not ours alone."""
    port, login, password = place["port"], place["login"], place["password"]
    relay = Relay(port)
    async with await asyncio.start_server(relay.serve, "127.0.0.1", 0, limit=262_144) as server:
        await read(server.sockets[0].getsockname()[1], login, password)
    stream, hashed = bytes(relay.answered), PasswordHash.derive(password)
    times: dict[str, list[float]] = {}
    for _ in range(rounds):
        with timed("client", times):
            count = await read(port, login, password)
        for name, models in (("codec", True), ("without models", False)):
            with timed(name, times):
                found = decode(stream, hashed, models=models)
            if found != count:
                raise SystemExit("the client and the codec read different numbers of deals")
    best = {name: min(each) for name, each in times.items()}
    return {
        "deals": count,
        "megabytes": round(len(stream) / 1e6, 1),
        "client_s": round(best["client"], 2),
        "codec_s": round(best["codec"], 2),
        "codec_without_models_s": round(best["without models"], 2),
        "deals_per_s": round(count / best["client"]),
        "ratio": round(best["codec"] / best["client"], 2),
        "processor_ratio": round(best["codec, processor"] / best["client, processor"], 2),
    }


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--deals", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    simulator = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "metatrader.simulator", "--users", "1", "--trades", str(options.deals // 2)),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert simulator.stdout is not None
        place = json.loads(await simulator.stdout.readline())["mt5_tcp"]
        found = await measure(place, options.rounds)
        print(
            f"{found['deals']:,.0f} deals over TCP ({found['megabytes']} MB): {found['deals_per_s']:,.0f}/s; "
            f"codec alone {found['codec_s']} s, client {found['client_s']} s, "
            f"ratio {found['ratio']:.2f} (at least 0.5); "
            f"of processor time {found['processor_ratio']:.2f}"
        )
    finally:
        simulator.terminate()
        await simulator.wait()


if __name__ == "__main__":
    asyncio.run(main())
