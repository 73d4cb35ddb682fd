"""A simulated server for tests and demonstrations."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from platforms.connections.connector import SimulatorOptions

_LOGIN, _PASSWORD = 1000, "Demo-Pass-1"


@asynccontextmanager
async def simulator(options: SimulatorOptions) -> AsyncIterator[Mapping[str, Any]]:
    from metatrader.simulator import Mt4Simulator, invent  # not needed by the running service

    broker = invent(1, login=_LOGIN, password=_PASSWORD, users=options.users, trades=options.trades)
    async with Mt4Simulator(broker, port=options.port) as server:
        yield {"host": "localhost", "port": server.port, "login": _LOGIN, "password": _PASSWORD}
