"""Forgetting a person, by the command, on real servers: nothing of theirs is left in database or stream."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from contracts import rpc
from embedded.binaries import postgres_versions
from embedded.nats import Nats
from identity.service import PUBLICATIONS, IdentityService
from identity.tests.container import PASSWORD, ContainerFixture, settings
from identity.tests.running_service import RunningIdentity
from identity.tests.test_service import Others
from identity.users.domain import AlreadyErased, User
from kit.eventstore.rebuild import rebuild
from privacy.erasure_log import ErasureLog
from runtime.cli import command_line
from testing.waiting import wait_until

EMAIL = "Zoe.Forgotten@Example.com"
NAME = "Zoe Wants-To-Be-Forgotten"


@pytest.fixture
def others(nats_server: Nats) -> Iterator[Others]:
    with Others(nats_server.url) as others:
        yield others


@pytest.fixture
def service(postgres_dsn: str, nats_server: Nats, others: Others) -> Iterator[RunningIdentity]:
    with RunningIdentity(settings(postgres_dsn, nats_server.url)) as service:
        wait_until(lambda: service.browser().get("/readyz").status_code == 200)
        yield service


def command(service: RunningIdentity, list_file: Path, *words: str, **changed: str | None) -> Result:
    """What an operator types, with the settings of the service."""
    given = service.settings
    environment = {
        "TRADEHALL_SERVICE_PORT": "0",
        "TRADEHALL_POSTGRES_DSN": given.postgres_dsn.get_secret_value(),
        "TRADEHALL_NATS_URL": given.nats_url,
        "TRADEHALL_NATS_PASSWORD": "unused",
        "TRADEHALL_MASTER_KEY": given.master_key.get_secret_value(),
        "TRADEHALL_PUBLIC_URL": given.public_url,
        "TRADEHALL_ERASURE_LIST": str(list_file),
    }
    return CliRunner().invoke(command_line(IdentityService), list(words), env={**environment, **changed})


def dump(dsn: str) -> bytes:
    """The whole database as pg_dump writes it."""
    versions = postgres_versions()
    argv = [versions[max(versions)].program("pg_dump"), "--inserts", "--dbname", dsn]
    return subprocess.run(argv, capture_output=True, check=True, env=os.environ).stdout


def stored(nats: Nats) -> bytes:
    """Every byte that the bus has on disk."""
    return b"".join(path.read_bytes() for path in nats.store.rglob("*") if path.is_file())


def traces(content: bytes) -> list[str]:
    """The words about the user in a text, ignoring case, plain or as PostgreSQL shows bytes."""
    lower = content.lower()
    words = [EMAIL.lower().encode(), NAME.lower().encode()]
    as_bytes = [EMAIL.encode().hex().encode(), NAME.encode().hex().encode()]
    return [word.decode() for word in words + as_bytes if word in lower]


def test_erasure_removes_all_data_from_database_and_stream(
    service: RunningIdentity, others: Others, nats_server: Nats, tmp_path: Path
) -> None:
    other = service.signed_in("ann@example.com")
    caller = service.caller(EMAIL)
    user = service.user(EMAIL)
    caller.patch("/api/v1/me", json={"name": NAME})
    service.browser().post("/login", data={"email": EMAIL, "password": "not this one"})
    service.parts.database.execute(
        "INSERT INTO parked (durable, source, subject, sequence, type, payload, error, attempts) "
        "VALUES ('identity-organizations', 'x', 'x', 1, 'x', %s, 'x', 3)",
        (f'{{"email": "{EMAIL.upper()}"}}'.encode(),),
    )
    dsn = service.settings.postgres_dsn.get_secret_value()
    wait_until(lambda: len(traces(stored(nats_server))) == 2)
    assert traces(dump(dsn))
    list_file = tmp_path / "erased.txt"

    answer = command(service, list_file, "erase", EMAIL)

    assert answer.exit_code == 0, answer.output
    assert traces(stored(nats_server)) == traces(dump(dsn)) == []
    assert EMAIL not in answer.output
    lines = answer.output.splitlines()
    for line in (
        f"erased {user.id}",
        "identity, database: 1 sessions",
        "identity, database: 1 passwords",
        "identity, database: 1 authorizations",
        "identity, database: 1 dead letters",
        "identity, database: 1 keys",
        "identity, stream: messages of 3 subjects overwritten",
    ):
        assert line in lines, answer.output
    assert caller.get("/api/v1/me").status_code == 401
    assert list_file.read_text().split()[1:] == [str(user.id)]
    assert list_file.stat().st_mode & 0o777 == 0o600
    assert service.parts.users.find(user.id).email is None
    assert other.get("/", follow_redirects=False).status_code == 200
    again = command(service, list_file, "erase", str(user.id))
    assert (again.exit_code, "already been erased" in again.output) == (1, True)
    gone = command(service, list_file, "erase", EMAIL)
    assert (gone.exit_code, "no such user" in gone.output) == (1, True)


def test_an_erased_address_registers_again_as_a_new_user(
    service: RunningIdentity, others: Others, tmp_path: Path
) -> None:
    service.signed_in(EMAIL)
    first = service.user(EMAIL)
    assert command(service, tmp_path / "erased.txt", "erase", str(first.id)).exit_code == 0
    refused = service.browser().post("/login", data={"email": EMAIL, "password": PASSWORD})
    assert "tradehall" not in refused.cookies
    service.browser().post("/register", data={"email": EMAIL})
    assert service.user(EMAIL).id != first.id


def test_the_only_administrator_of_an_organization_is_not_erased(
    service: RunningIdentity, others: Others, tmp_path: Path
) -> None:
    service.signed_in(EMAIL)
    user = service.user(EMAIL)
    list_file = tmp_path / "erased.txt"
    others.needing = (rpc.NamedOrganization(organization_id=uuid4(), name="Brokers"),)
    needed = command(service, list_file, "erase", EMAIL)
    assert (needed.exit_code, '"Brokers"' in needed.output) == (1, True)
    without_list = command(service, list_file, "erase", EMAIL, TRADEHALL_ERASURE_LIST=None)
    assert (without_list.exit_code, "TRADEHALL_ERASURE_LIST" in without_list.output) == (1, True)
    unknown = command(service, list_file, "erase", "nobody")
    assert (unknown.exit_code, "neither an address nor an id" in unknown.output) == (1, True)
    assert not list_file.exists()
    assert service.user(EMAIL).id == user.id
    assert not service.user(EMAIL).erased


def test_without_the_bus_nobody_is_erased(service: RunningIdentity, others: Others, tmp_path: Path) -> None:
    service.signed_in(EMAIL)
    answer = command(service, tmp_path / "erased.txt", "erase", EMAIL, TRADEHALL_NATS_URL="nats://127.0.0.1:1")
    assert answer.exit_code == 1
    assert not service.user(EMAIL).erased


def test_after_a_restore_the_erasure_log_is_applied_and_all_sessions_are_revoked(
    service: RunningIdentity, others: Others, tmp_path: Path
) -> None:
    service.signed_in(EMAIL)
    service.signed_in("ann@example.com")
    user, stranger, list_file = service.user(EMAIL), uuid4(), tmp_path / "erased.txt"
    for listed in (stranger, user.id):
        ErasureLog(list_file).add(listed, service.parts.clock())
    told = []
    for _ in range(2):  # an interrupted one is simply repeated
        answer = command(service, list_file, "post-restore", "--erasure-list", str(list_file), "--json")
        assert answer.exit_code == 0, answer.output
        told.append(json.loads(answer.output))
    assert told[0]["ended"]["sessions"] == 2
    assert (told[1]["ended"]["sessions"], told[1]["differing"]) == (0, {})
    assert [name for name, _ in service.parts.store.epochs()][-2:] == [one["epoch"] for one in told]
    assert service.parts.store.find(User, user.id).erased
    assert service.parts.database.all("SELECT FROM sessions") == []
    assert told[0]["ended"]["signing keys"] == 2


def test_an_erased_user_cannot_start_a_session(parts: ContainerFixture) -> None:
    session, _ = parts.with_password(EMAIL)
    parts.erasure.erase(session.user_id)
    with pytest.raises(AlreadyErased):
        parts.sessions.start(session.user_id, "password", "10.0.0.1", "test")
    assert parts.database.all("SELECT 1 AS one FROM sessions") == []


def test_a_rebuild_after_an_erasure_gives_the_same_rows_and_the_bus_the_same_ids(parts: ContainerFixture) -> None:
    session, _ = parts.with_password(EMAIL)
    parts.users.rename(session.user_id, NAME)
    parts.registration.register(EMAIL)
    erased = parts.erasure.erase(session.user_id)
    assert erased.rows["pending requests"] == 1
    before = parts.database.all("TABLE people")
    assert rebuild(parts.store).differing == {}
    assert parts.database.all("TABLE people") == before
    told = [PUBLICATIONS.message(one, "e1") for one in parts.store.read(0, 100)]
    assert traces(b"".join(message.body for message in told if message)) == []
    assert parts.events().count("Erased") == 1
    assert parts.store.find(User, session.user_id).erased
