"""One invented broker, and a simulator and clients for each transport."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta, timezone
from typing import Any

import pytest

from metatrader import Mt5Client, Mt5HttpsClient, Mt5TcpClient
from metatrader.simulator import Broker, Certificate, HttpsSimulator, TcpSimulator, invent

LOGIN = 1000
PASSWORD = "Correct-horse-1"
ZONE = timezone(timedelta(hours=2))


@dataclass
class Carrier:
    """A simulator, and clients for it that know login, password and certificate unless told otherwise."""

    simulator: TcpSimulator | HttpsSimulator
    certificate: Certificate

    @property
    def tls(self) -> bool:
        return isinstance(self.simulator, HttpsSimulator)

    def client(self, **options: Any) -> Mt5Client:
        given: dict[str, Any] = {"login": LOGIN, "password": PASSWORD, "zone": ZONE} | options
        if not self.tls:
            return Mt5TcpClient("127.0.0.1", self.simulator.port, **given)
        trust = {} if "pinned_sha256" in given else {"ca_pem": self.certificate.ca_pem}
        return Mt5HttpsClient("localhost", self.simulator.port, **({"address": "127.0.0.1"} | trust | given))


@asynccontextmanager
async def _started(kind: str, broker: Broker, certificate: Certificate) -> AsyncIterator[Carrier]:
    simulator = TcpSimulator(broker) if kind == "tcp" else HttpsSimulator(broker, certificate.server_context())
    async with simulator:
        yield Carrier(simulator, certificate)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def broker() -> Broker:
    return invent(7, login=LOGIN, password=PASSWORD, users=4, trades=60)


@pytest.fixture(scope="session")
def certificate() -> Certificate:
    return Certificate.make()


@pytest.fixture
async def tcp(broker: Broker, certificate: Certificate) -> AsyncIterator[Carrier]:
    async with _started("tcp", broker, certificate) as carrier:
        yield carrier


@pytest.fixture
async def https(broker: Broker, certificate: Certificate) -> AsyncIterator[Carrier]:
    async with _started("https", broker, certificate) as carrier:
        yield carrier


@pytest.fixture(params=["tcp", "https"])
async def carrier(request: pytest.FixtureRequest, broker: Broker, certificate: Certificate) -> AsyncIterator[Carrier]:
    async with _started(request.param, broker, certificate) as carrier:
        yield carrier
