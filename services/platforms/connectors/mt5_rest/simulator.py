"""A simulated server for tests and demonstrations."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from platforms.connections.connector import SimulatorOptions

_LOGIN, _PASSWORD = 1000, "Demo-Pass-1"
_NAMES = ("localhost", "127.0.0.1")


@asynccontextmanager
async def simulator(options: SimulatorOptions) -> AsyncIterator[Mapping[str, Any]]:
    from metatrader.simulator import Certificate, HttpsSimulator, invent  # not needed by the running service

    file = options.folder and options.folder / "certificate.json"
    certificate = Certificate.kept(file, _NAMES) if file else Certificate.make(_NAMES)
    broker = invent(1, login=_LOGIN, password=_PASSWORD, users=options.users, trades=options.trades)
    async with HttpsSimulator(broker, certificate.server_context(), port=options.port) as server:
        yield {
            "host": "localhost",
            "port": server.port,
            "login": _LOGIN,
            "password": _PASSWORD,
            "ca_pem": certificate.ca_pem,
        }
