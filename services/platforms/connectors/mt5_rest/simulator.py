"""A simulated server for tests and demonstrations."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

_LOGIN, _PASSWORD = 1000, "Demo-Pass-1"


@asynccontextmanager
async def simulator() -> AsyncIterator[Mapping[str, Any]]:
    from metatrader.simulator import Certificate, HttpsSimulator, invent  # not needed by the running service

    certificate = Certificate.make()
    broker = invent(1, login=_LOGIN, password=_PASSWORD, users=3, trades=5)
    async with HttpsSimulator(broker, certificate.server_context()) as server:
        yield {
            "host": "localhost",
            "port": server.port,
            "login": _LOGIN,
            "password": _PASSWORD,
            "ca_pem": certificate.ca_pem,
        }
