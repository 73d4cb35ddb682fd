"""A simulated server for tests and demonstrations."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

_LOGIN, _PASSWORD = 1000, "Demo-Pass-1"


@asynccontextmanager
async def simulator() -> AsyncIterator[Mapping[str, Any]]:
    from metatrader.simulator import Mt4Simulator, invent  # not needed by the running service

    async with Mt4Simulator(invent(1, login=_LOGIN, password=_PASSWORD, users=3, trades=5)) as server:
        yield {"host": "localhost", "port": server.port, "login": _LOGIN, "password": _PASSWORD}
