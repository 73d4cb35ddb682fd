"""The benchmark's servers, in a process of their own: the simulator, and one that answers from memory.

python -m metatrader.benchmarks.serving USERS DEALS
"""

import asyncio
import gc
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from metatrader.simulator import Broker, TcpSimulator, invent
from metatrader.simulator.broker import Manager
from metatrader.simulator.replies import Reply

LOGIN, PASSWORD = 1000, "Bench-Pass-1"


class Prepared(TcpSimulator):
    """Works out each answer once. What is left for later ones is to find, cut and encrypt it."""

    def __init__(self, broker: Broker) -> None:
        super().__init__(broker)
        self._known: dict[tuple[str, ...], Reply] = {}

    def reply(self, manager: Manager, name: str, params: Mapping[str, str]) -> Reply:
        key = (name, *params.values())
        if key not in self._known:
            self._known[key] = super().reply(manager, name, params)
        return self._known[key]


@dataclass(frozen=True)
class Served:
    """Ports of the two, and the users, who have as many deals each."""

    live: int
    prepared: int
    users: list[int]


class Recorder:
    """Hands a connection on to a server and keeps what that answers."""

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


@asynccontextmanager
async def served(users: int, deals: int) -> AsyncIterator[Served]:
    """The servers, until the block ends."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "metatrader.benchmarks.serving", str(users), str(deals)), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        served: dict[str, Any] = json.loads(await process.stdout.readline())
        yield Served(**served)
    finally:
        process.terminate()
        await process.wait()


async def serve(users: int, deals: int) -> None:
    """Tell the ports and the users in a line of JSON, then serve until the process is ended."""
    broker = invent(1, login=LOGIN, password=PASSWORD, users=users, trades=deals // 2)
    for login in broker.deals:
        del broker.deals[login][deals:]
    gc.freeze()  # the broker stays: looking through it again and again is what a large one costs
    async with TcpSimulator(broker) as live, Prepared(broker) as prepared:
        places = {"live": live.port, "prepared": prepared.port, "users": sorted(broker.deals)}
        print(json.dumps(places), flush=True)
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(serve(*map(int, sys.argv[1:])))
