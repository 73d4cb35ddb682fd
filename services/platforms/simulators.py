"""`python -m platforms.simulators FOLDER NAME=PORT...`: start the simulators of the installed connectors."""

import asyncio
import gc
import json
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from metatrader.simulator.certificates import write_private
from platforms.connections.connector import Connector, SimulatorOptions
from platforms.connectors import installed

PLACES = "places.json"
_USERS, _TRADES = 12, 40


def simulated() -> Sequence[Connector]:
    """The installed connectors that have a simulator."""
    return [connector for connector in installed().all if connector.simulator is not None]


async def run(folder: Path, ports: Mapping[str, int]) -> None:
    """Serve until SIGINT or SIGTERM. Once all simulators listen, write the values of the credential form of each to
    `places.json` in the folder, not to the log: they contain passwords."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    places: dict[str, Mapping[str, Any]] = {}
    async with AsyncExitStack() as servers:
        for connector in simulated():
            assert connector.simulator is not None
            options = SimulatorOptions(ports.get(connector.name, 0), _USERS, _TRADES, folder)
            places[connector.name] = await servers.enter_async_context(connector.simulator(options))
        gc.freeze()  # the invented data stay: a collection need not look through them
        write_private(folder / PLACES, json.dumps(places))
        print("listening", *(place["port"] for place in places.values()), flush=True)
        await stop.wait()


def main(arguments: Sequence[str]) -> None:
    """Read the folder and the ports from the command line."""
    folder, *given = arguments
    ports = dict(pair.split("=", 1) for pair in given)
    asyncio.run(run(Path(folder), {name: int(port) for name, port in ports.items()}))


if __name__ == "__main__":
    main(sys.argv[1:])
