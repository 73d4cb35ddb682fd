"""What the organizations service reaches: the two lists that are read most, and its commonest commands.

Each scenario is compared with a bare FastAPI endpoint under the same server and load, in turns in the same run.
"""

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from pydantic import SecretStr

from contracts import rpc
from contracts.permissions import Grant, Role
from embedded import temporary_folder
from embedded.nats import Nats
from embedded.ports import free_port
from embedded.postgres import Postgres
from kit.db.migrations import opened
from kit.messaging.bus import Bus
from kit.security.keys import MasterKey
from organizations.container import Container
from organizations.organizations.domain import Organization
from organizations.service import OrganizationsService
from runtime.application import migrations_of
from testing.identity import ISSUER, FakeIdentity
from tests.benchmarks.comparison import Running, Scenario, beside, environment, reference, running
from tests.benchmarks.figures import Figure, show
from tests.benchmarks.load import get, post

MEMBERS = 50
ORGANIZATIONS = 40
"""Each takes 500 invitations before its limit."""
_PATH = "/api/v1/organizations"


def figures() -> Iterator[Figure]:
    """One for each scenario."""
    with organizations() as service, reference() as bare:
        for scenario in scenarios(service):
            yield beside(bare, service.process, scenario)


@dataclass(frozen=True)
class Service:
    """A running service. `reader` is a token of a person in one organization, that with MEMBERS members; `owner` one
    of a person who owns `organizations`."""

    process: Running
    reader: str
    full: UUID
    owner: str
    organizations: list[UUID]


def scenarios(service: Service) -> list[Scenario]:
    """What is measured."""
    reads = f"Authorization: Bearer {service.reader}"
    return [
        Scenario("GET /api/v1/organizations", get(_PATH, reads), 0.25),
        Scenario(f"list of {MEMBERS} members", get(f"{_PATH}/{service.full}/members", reads), 0.20),
        Scenario("create organization", _json(service.owner, _PATH, {"name": "Benchmark"}), 0.05),
        Scenario("invite", _invitations(service), 0.05),
    ]


def _json(token: str, path: str, body: dict[str, str]) -> bytes:
    return post(path, json.dumps(body), f"Authorization: Bearer {token}", kind="application/json")


def _invitations(service: Service) -> Callable[[], bytes]:
    numbers = itertools.count()

    def invitation() -> bytes:
        number = next(numbers)
        org = service.organizations[number % len(service.organizations)]
        body = {"email": f"guest{number}@example.com", "role": "viewer"}
        return _json(service.owner, f"{_PATH}/{org}/invitations", body)

    return invitation


@contextmanager
def organizations() -> Iterator[Service]:
    """The service in a process of its own, and an identity that signs tokens."""
    port = free_port()
    with temporary_folder() as folder, Postgres(folder / "postgres", fsync=False) as server, Nats() as bus:
        dsn, master = server.create_database("organizations"), MasterKey.generate()
        given = environment(port, dsn, bus.url, master, ISSUER)
        reader, full, owner, owned = _filled(dsn, master)
        identity = FakeIdentity(bus.url, rpc.USER, rpc.CLIENT, streams=("identity", "platforms", "notifications"))
        identity.start()
        try:
            with running("organizations", ["-m", "organizations"], given, port, "/livez") as process:
                tokens = [identity.user_token(user) for user in (reader, owner)]
                yield Service(process, tokens[0], full, tokens[1], owned)
        finally:
            identity.stop()


def _filled(dsn: str, master: str) -> tuple[UUID, UUID, UUID, list[UUID]]:
    """(reader, their organization, owner, the owner's organizations)."""
    database = opened(SecretStr(dsn), migrations_of(OrganizationsService))
    try:
        bus = Bus("nats://127.0.0.1:1", "organizations", SecretStr("unused"))
        made = Container(
            database,
            MasterKey(SecretStr(master)),
            bus,
            lambda: datetime.now(UTC),
            OrganizationsService.publications.envelope,
        )
        reader, owner = uuid4(), uuid4()
        for user in (reader, owner):
            made.users.learn(user, f"{user.hex}@example.com", "Somebody", verified=True)
            made.organizations.create_first(user)
        full = made.members.views.organizations_of(reader)[0]
        organization = made.store.find(Organization, full)
        for number in range(1, MEMBERS):
            member = uuid4()
            made.users.learn(member, f"member{number}@example.com", f"Member {number}", verified=True)
            organization.join(member, Grant(role=Role.VIEWER), uuid4(), reader)
        made.store.save(organization)
        owned = [made.organizations.create(f"Organization {number}", owner).id for number in range(ORGANIZATIONS)]
        return reader, full, owner, owned
    finally:
        database.close()


if __name__ == "__main__":
    show(figures())
