"""What identity's endpoints for programs reach: tokens by client credentials, introspection.

Each scenario is compared with a bare FastAPI endpoint under the same server and load, in turns in the same run; only
the ratios mean anything. Load generator, servers and database share the machine.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import uuid4

from pydantic import SecretStr

from contracts.permissions import Grant, Limits, Role
from embedded import temporary_folder
from embedded.nats import Nats
from embedded.ports import free_port
from embedded.postgres import Postgres
from identity.clients.service import Granter
from identity.container import Container
from identity.service import IdentityService
from identity.settings import Settings
from kit.db.migrations import opened
from kit.security.keys import MasterKey
from runtime.application import migrations_of
from testing import plain_http
from tests.benchmarks.comparison import Running, Scenario, beside, environment, reference, running
from tests.benchmarks.figures import Figure, show
from tests.benchmarks.load import post


def figures() -> Iterator[Figure]:
    """One for each scenario."""
    with identity() as service, reference() as bare:
        for scenario in scenarios(service):
            yield beside(bare, service.process, scenario)


@dataclass(frozen=True)
class Service:
    """A running identity, and a client of an organization in it."""

    process: Running
    client_id: str
    client_secret: str

    def token(self) -> str:
        form = {"grant_type": "client_credentials", **self.credentials}
        answer = plain_http.post(f"http://127.0.0.1:{self.process.port}/oauth2/token", data=form)
        return str(answer.json()["access_token"])

    @property
    def credentials(self) -> Mapping[str, str]:
        return {"client_id": self.client_id, "client_secret": self.client_secret}


def scenarios(service: Service) -> list[Scenario]:
    """What is measured."""
    tokens = post("/oauth2/token", urlencode({"grant_type": "client_credentials", **service.credentials}))
    introspection = post("/oauth2/introspect", urlencode({"token": service.token(), **service.credentials}))
    return [
        Scenario("ES256 client-credentials tokens", tokens, 0.40, longest=0.025),
        Scenario("introspection of an access token", introspection, 0.40),
    ]


@contextmanager
def identity(fill: Callable[[Settings, str], None] = lambda settings, dsn: None) -> Iterator[Service]:
    """The service in a process of its own, on a database that `fill` may add to and a bus that lets everybody in."""
    port = free_port()
    with temporary_folder() as folder, Postgres(folder / "postgres", fsync=False) as server, Nats() as bus:
        dsn, master = server.create_database("identity"), MasterKey.generate()
        given = environment(port, dsn, bus.url, master, f"http://127.0.0.1:{port}")
        settings = Settings.load(given)
        client_id, secret = _client(settings, dsn)
        fill(settings, dsn)
        with running("identity", ["-m", "identity"], given, port, "/livez") as process:
            yield Service(process, client_id, secret)


def _client(settings: Settings, dsn: str) -> tuple[str, str]:
    database = opened(SecretStr(dsn), migrations_of(IdentityService))
    try:
        parts = Container(settings, database, MasterKey(settings.master_key), lambda: datetime.now(UTC))
        granter = Granter(uuid4(), Grant(role=Role.ADMINISTRATOR))
        row, issued = parts.clients.create(uuid4(), granter, "bench", ["platforms:read", "events:read"], Limits())
        return row.client_id, issued.secret
    finally:
        database.close()


if __name__ == "__main__":
    show(figures())
