"""Deals from the TCP simulator, paged and encrypted, against the bare codec on the same bytes.

    python -m metatrader.benchmarks.deals [--deals 100000] [--rounds 3]

The deals belong to several users, and each user is a turn: the client, which has signed in, reads that user's deals;
then the codec turns the bytes that a session brought for them (recorded by a relay before) into the same deals without
any network (frames, decryption, UTF-16, JSON, models). What else runs on the machine disturbs both alike; the ratio is
the median over all turns of codec to client. The goal is at least 0.5. The client has two connections, as in the
service platforms.

The simulator is a process of its own and works out each answer when it is asked. Where it has no core to itself, the
client waits for it; so a second figure has it answer from memory, and encrypt only: that is the client alone.
"""

import argparse
import asyncio
import statistics
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import perf_counter, process_time

from pydantic import TypeAdapter

from metatrader import Mt5TcpClient, PasswordHash
from metatrader.benchmarks.serving import LOGIN, PASSWORD, Recorder, Served, served
from metatrader.models import Deal
from metatrader.mt5.answers import Answer
from metatrader.mt5.cipher import ciphers
from metatrader.mt5.frames import AnswerParts, FrameDecoder
from metatrader.mt5.text import Message

SINCE, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
DEALS_OF_A_USER = 5_000
CONNECTIONS = 2
GOAL = 0.5
_DEALS = TypeAdapter(list[Deal])


def decode(stream: bytes, password: PasswordHash) -> int:
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
            count += len(Answer.of_message(message).read(_DEALS, UTC))
        serial += 1
        collected = AnswerParts(serial, limit=2**24)
    return count


def connected(port: int, connections: int) -> Mt5TcpClient:
    return Mt5TcpClient("127.0.0.1", port, login=LOGIN, password=PASSWORD, connections=connections)


async def read(client: Mt5TcpClient, user: int) -> int:
    count = 0
    async for _ in client.deals(user, SINCE, UNTIL):
        count += 1
    return count


@dataclass
class Turns:
    """Seconds of the client and of the codec, turn by turn, and the processor's of this process."""

    deals: int = 0
    client: list[float] = field(default_factory=list)
    codec: list[float] = field(default_factory=list)
    client_worked: list[float] = field(default_factory=list)
    codec_worked: list[float] = field(default_factory=list)

    @property
    def ratios(self) -> list[float]:
        return [codec / client for codec, client in zip(self.codec, self.client, strict=True)]

    @property
    def worked(self) -> float:
        return statistics.median(
            codec / client for codec, client in zip(self.codec_worked, self.client_worked, strict=True)
        )

    def __str__(self) -> str:
        ratio, (low, _, high) = statistics.median(self.ratios), statistics.quantiles(self.ratios, n=4)
        return (
            f"ratio {ratio:.2f} (at least {GOAL}; half of {len(self.ratios)} turns {low:.2f} to {high:.2f}); "
            f"client {self.deals / sum(self.client):,.0f}/s beside {self.deals / sum(self.codec):,.0f}/s; "
            f"of processor time {self.worked:.2f}: {'reached' if ratio >= GOAL else 'not reached'}"
        )


async def measure(port: int, streams: dict[int, bytes], rounds: int) -> Turns:
    """The client and the codec in turn, each being first in every other turn."""
    hashed, turns = PasswordHash.derive(PASSWORD), Turns()
    async with connected(port, CONNECTIONS) as client:
        for number, (user, stream) in enumerate(list(streams.items()) * rounds):
            for client_now in (True, False) if number % 2 else (False, True):
                started, worked = perf_counter(), process_time()
                found = await read(client, user) if client_now else decode(stream, hashed)
                took, work = perf_counter() - started, process_time() - worked
                if found != DEALS_OF_A_USER:
                    raise SystemExit(f"{found} deals came where {DEALS_OF_A_USER} were to come")
                (turns.client if client_now else turns.codec).append(took)
                (turns.client_worked if client_now else turns.codec_worked).append(work)
            turns.deals += DEALS_OF_A_USER
    return turns


async def record(place: Served) -> dict[int, bytes]:
    """What a session brings that reads a user's deals, for each; the prepared server has worked them out then."""
    streams = {}
    for user in place.users:
        recorder = Recorder(place.prepared)
        async with (
            await asyncio.start_server(recorder.serve, "127.0.0.1", 0, limit=262_144) as server,
            connected(server.sockets[0].getsockname()[1], 1) as client,
        ):
            await read(client, user)
        streams[user] = bytes(recorder.answered)
    return streams


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--deals", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    users = max(options.deals // DEALS_OF_A_USER, 2)
    async with served(users, DEALS_OF_A_USER) as place:
        streams = await record(place)
        size = sum(map(len, streams.values())) / 1e6
        print(f"{users * DEALS_OF_A_USER:,} deals over TCP ({size:.0f} MB), {options.rounds} rounds of {users} turns")
        print(f"from the simulator: {await measure(place.live, streams, options.rounds)}", flush=True)
        print(f"from its memory: {await measure(place.prepared, streams, options.rounds)}")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
