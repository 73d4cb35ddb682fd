"""What identity's endpoints for programs reach: tokens by client credentials, introspection.

Each scenario stands beside a bare FastAPI endpoint under the same server and load, in turns in the same run; only
the ratios mean anything. Load generator, servers and database share the machine.
"""

import os
import platform
import statistics
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import uuid4

import httpx
from pydantic import SecretStr

from contracts.permissions import Grant, Limits, Role
from embedded import temporary_folder
from embedded.nats import Nats
from embedded.ports import free_port
from embedded.postgres import Postgres
from embedded.process import Process, Program
from identity.application.clients import Granter
from identity.assembly import SCHEMA, Parts
from identity.settings import Settings
from kit.database import opened
from kit.keys import MasterKey
from tests.benchmarks.load import Measured, get, measure, post

ROUNDS = 3
SECONDS = 3.0
CONNECTIONS = 16


@dataclass(frozen=True)
class Scenario:
    """`goal` is the least share of the reference's rate."""

    name: str
    request: bytes
    goal: float


@dataclass(frozen=True)
class Ratio:
    """Medians over the rounds; `p99` in seconds."""

    scenario: Scenario
    share: float
    rate: float
    reference: float
    p99: float

    def __str__(self) -> str:
        return (
            f"{self.scenario.name}: {self.share:.2f} of the reference (at least {self.scenario.goal:.2f}), "
            f"{self.rate:,.0f}/s beside {self.reference:,.0f}/s, p99 {self.p99 * 1000:.1f} ms"
        )


def main() -> None:
    """Print one line for each scenario."""
    print(f"machine: {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}")
    with identity() as service, reference() as bare:
        for scenario in scenarios(service):
            print(beside(bare, service.port, scenario))


@dataclass(frozen=True)
class Service:
    """A running identity, and a client of an organization in it."""

    port: int
    client_id: str
    client_secret: str

    def token(self) -> str:
        form = {"grant_type": "client_credentials", **self.credentials}
        answer = httpx.post(f"http://127.0.0.1:{self.port}/oauth2/token", data=form)
        return str(answer.json()["access_token"])

    @property
    def credentials(self) -> Mapping[str, str]:
        return {"client_id": self.client_id, "client_secret": self.client_secret}


def scenarios(service: Service) -> list[Scenario]:
    """What `main` measures."""
    tokens = post("/oauth2/token", urlencode({"grant_type": "client_credentials", **service.credentials}))
    introspection = post("/oauth2/introspect", urlencode({"token": service.token(), **service.credentials}))
    return [
        Scenario("ES256 client-credentials tokens", tokens, 0.40),
        Scenario("introspection of an access token", introspection, 0.40),
    ]


def beside(bare: int, port: int, scenario: Scenario, *, rounds: int = ROUNDS, seconds: float = SECONDS) -> Ratio:
    """A scenario at one port in turns with the bare endpoint at another."""
    own: list[Measured] = []
    references: list[Measured] = []
    measure(port, scenario.request, connections=CONNECTIONS, seconds=0.5)  # warm
    for _ in range(rounds):
        references.append(measure(bare, get("/"), connections=CONNECTIONS, seconds=seconds))
        own.append(measure(port, scenario.request, connections=CONNECTIONS, seconds=seconds))
    shares = [one.rate / other.rate for one, other in zip(own, references, strict=True)]
    return Ratio(
        scenario,
        statistics.median(shares),
        statistics.median(each.rate for each in own),
        statistics.median(each.rate for each in references),
        statistics.median(each.p99 for each in own),
    )


@contextmanager
def reference() -> Iterator[int]:
    """The port of the bare endpoint, in a process of its own."""
    port = free_port()
    with _running("reference", ["-m", "tests.benchmarks.load", str(port)], {}, port, "/"):
        yield port


@contextmanager
def identity() -> Iterator[Service]:
    """The service in a process of its own, on an empty database and a bus that lets everybody in."""
    port = free_port()
    with temporary_folder() as folder, Postgres(folder / "postgres", fsync=False) as server, Nats() as bus:
        dsn, master = server.create_database("identity"), MasterKey.generate()
        environment = {
            "TRADEHALL_SERVICE_PORT": str(port),
            "TRADEHALL_POSTGRES_DSN": dsn,
            "TRADEHALL_NATS_URL": bus.url,
            "TRADEHALL_NATS_PASSWORD": "unused",
            "TRADEHALL_MASTER_KEY": master,
            "TRADEHALL_PUBLIC_URL": f"http://127.0.0.1:{port}",
        }
        client_id, secret = _client(Settings.load(environment), dsn)
        with _running("identity", ["-m", "identity"], environment, port, "/livez"):
            yield Service(port, client_id, secret)


def _client(settings: Settings, dsn: str) -> tuple[str, str]:
    database = opened(SecretStr(dsn), SCHEMA)
    try:
        parts = Parts(settings, database, lambda: datetime.now(UTC))
        granter = Granter(uuid4(), Grant(role=Role.ADMINISTRATOR))
        row, issued = parts.clients.create(uuid4(), granter, "bench", ["platforms:read", "events:read"], Limits())
        return row.client_id, issued.secret
    finally:
        database.close()


@contextmanager
def _running(name: str, arguments: list[str], environment: Mapping[str, str], port: int, path: str) -> Iterator[None]:
    """A Python program, from when it answers until the end of the block."""
    with temporary_folder() as folder:
        inherited = {key: os.environ[key] for key in ("PATH", "PYTHONPATH") if key in os.environ}
        program = Program(
            (sys.executable, *arguments), folder / f"{name}.log", environment={**inherited, **environment}
        )
        process = Process(program)
        process.start()
        try:
            process.wait_until(lambda: _answers(port, path), 20, f"{name} answers")
            yield
        finally:
            process.stop()


def _answers(port: int, path: str) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=1).status_code == 200
    except httpx.TransportError:
        return False


if __name__ == "__main__":
    main()
