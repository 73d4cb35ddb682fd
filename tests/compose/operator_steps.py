"""The operator's tasks of docs/operations.md in containers. Run by tests.compose only."""

import asyncio
import json
import os
import re
from pathlib import Path
from typing import Any

import nats
import nats.errors
import pytest

from contracts.streams import STREAMS
from deploy.service_settings import SERVICES
from testing.driver import SystemDriver, UserDriver
from testing.waiting import wait_until
from tests.compose import Composition
from tests.journeys import healthy

READING = (
    ("status",),
    ("dead-letters", "list"),
    ("streams", "verify"),
    ("views", "rebuild"),
    ("keys", "rotate"),
    ("streams", "rebuild", "organizations"),
)


def test_nobody_is_operator_until_the_command_line_adds_one(composition: Composition, ada: UserDriver) -> None:
    assert ada.api("GET", "/operations/identity").status_code == 403, "she registered first"
    composition.operate("operator", "add", ada.email)
    assert ada.api("GET", "/operations/identity").status_code == 200


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_the_command_line_reads_containers(composition: Composition, arguments: tuple[str, ...]) -> None:
    assert json.loads(composition.operate(*arguments, "--json")) is not None


def test_dead_letters_are_replayed_or_discarded(composition: Composition) -> None:
    _set_aside(composition, 1)
    assert json.loads(composition.operate("dead-letters", "replay", "platforms", "--json")) == {
        "replayed": 1,
        "failed": [],
    }
    _set_aside(composition, 2)
    [row] = json.loads(composition.operate("dead-letters", "list", "platforms", "--json"))
    assert row["error"] == "RuntimeError: it broke"
    discard = ("dead-letters", "discard", "platforms", str(row["id"]), "--reason", "made for a test", "--json")
    assert json.loads(composition.operate(*discard)) == {"discarded": True}


def _set_aside(composition: Composition, sequence: int) -> None:
    """A message of a type that this release does not know."""
    about = {"source": "/identity/other", "subject": "odd", "type": "tradehall.identity.Odd.v9", "sequence": sequence}
    more = {"id": f"odd-{sequence}", "version": 1, "time": "2026-01-01T00:00:00Z", "dataschema": "urn:x", "data": {}}
    statement = (
        "INSERT INTO parked (durable, source, subject, sequence, type, payload, error, attempts) "
        "SELECT 'platforms-identity', m->>'source', m->>'subject', (m->>'sequence')::bigint, m->>'type', "
        "convert_to(m::text, 'UTF8'), 'RuntimeError: it broke', 3 "
        f"FROM (SELECT '{json.dumps(about | more)}'::jsonb) AS given (m)"
    )
    composition.run("exec", "-T", "postgres", "psql", "--username", "postgres", "--command", statement, "platforms")


def test_personal_data_of_a_user_are_exported(composition: Composition, ada: UserDriver) -> None:
    told = json.loads(composition.operate("person", "export", ada.email, "--file", "-"))
    assert told["person"]["email"] == ada.email
    assert told["services"]["identity"]["rows"]


def test_a_diagnosis_has_versions_and_states_and_no_secret(composition: Composition) -> None:
    logs = composition.run("logs", "--no-color", "--tail", "20", "identity")
    dsn = (composition.secrets / "identity-dsn").read_text()
    told = json.loads(composition.operate("diagnose", "--logs", "--file", "-", said=f"{logs}\nconnecting to {dsn}\n"))
    assert told["ready"]["identity"][0] is True
    assert told["lines"][-1] == "connecting to [removed]\n"


def test_a_user_is_erased_and_added_to_the_erasure_log(composition: Composition, driver: SystemDriver) -> None:
    person = driver.new_user("erased")
    told = json.loads(composition.operate("person", "erase", person.email, "--yes", "--json"))
    listed = composition.run("exec", "-T", "identity", "cat", "/var/lib/tradehall/erased.txt")
    assert told["user_id"] in listed
    assert person.sign_in().url.path == "/login"


def test_a_subscriber_account_is_created_and_deleted(composition: Composition, ada: UserDriver) -> None:
    told = dict(
        re.findall(r"^(user|password): (\S+)$", composition.make("bus-user", ORGANIZATION=ada.organization), re.M)
    )
    wait_until(lambda: _is_let_in(composition, told), 60, "the downstream system is let in")
    assert f"{told['user']} reads {ada.organization}" in composition.make("bus-user")
    composition.make("bus-user", REMOVE=told["user"])
    wait_until(lambda: not _is_let_in(composition, told), 60, "it is shut out")


def _is_let_in(composition: Composition, user: dict[str, str]) -> bool:
    async def connected() -> None:
        bus = await nats.connect(
            f"nats://127.0.0.1:{composition.environment['TRADEHALL_NATS_PORT']}",
            user=user["user"],
            password=user["password"],
            inbox_prefix=f"_INBOX_{user['user']}".encode(),
            allow_reconnect=False,
            error_cb=_quiet,
        )
        try:
            await bus.jetstream().consumer_info(STREAMS["organizations"].name, user["user"])
        finally:
            await bus.close()

    try:
        asyncio.run(connected())
    except (nats.errors.Error, OSError):
        return False
    return True


async def _quiet(_: Any) -> None:
    """What fails is tried again."""


def test_a_new_master_key_keeps_existing_data_readable(
    composition: Composition, driver: SystemDriver, ada: UserDriver
) -> None:
    file = composition.secrets / "identity-master-key"
    old = file.read_text()
    composition.make("master-key", SERVICE="identity")
    assert file.read_text() != old
    assert (composition.secrets / "identity-master-keys-retired").read_text().endswith(old)
    composition.run("restart", "--timeout", "10", "identity")  # with the new key alone
    wait_until(lambda: healthy(driver.url), 90, "the health of all services")
    assert ada.sign_in().status_code == 200
    assert ada.email in composition.operate("person", "export", ada.email, "--file", "-")


@pytest.mark.timeout(900)  # all containers are made twice
def test_a_backup_is_restored_into_new_volumes(
    composition: Composition, driver: SystemDriver, ada: UserDriver, tmp_path: Path
) -> None:
    mine = ("--no-deps", "--user", f"{os.getuid()}:{os.getgid()}", "--volume", f"{tmp_path}:/here")
    composition.operate("backup", "/here/monday", options=mine)
    assert (tmp_path / "monday" / "identity.dump").stat().st_mode & 0o077 == 0
    listed = composition.run("exec", "-T", "identity", "cat", "/var/lib/tradehall/erased.txt")
    (tmp_path / "erased.txt").write_text(listed)
    restore = (
        "restore",
        "/here/monday",
        "--master-keys",
        "/run/secrets",
        "--erasure-list",
        "/here/erased.txt",
        "--json",
    )
    assert json.loads(composition.operate(*restore, "--check-only", options=mine))["sound"]
    organization = ada.organization
    composition.run("down", "--volumes", "--timeout", "10")
    composition.run("up", "--detach", "postgres")
    wait_until(lambda: composition.healthy("postgres"), 90, "PostgreSQL on a new volume")
    assert set(json.loads(composition.operate(*restore, options=mine))["services"]) == set(SERVICES)
    composition.run("up", "--detach", *composition.services)
    wait_until(lambda: healthy(driver.url), 180, "the health of all services")
    assert ada.api("GET", "/me").status_code == 401, "tokens from before are over"
    again = UserDriver(driver, ada.email, ada.password)
    assert again.sign_in().url.path != "/login"
    assert again.organization == organization
    wait_until(lambda: _all_as_stored(composition), 60, "the bus is filled again")


def _all_as_stored(composition: Composition) -> bool:
    verdicts = json.loads(composition.operate("streams", "verify", "--json"))
    return all(one["sound"] and not one["waiting"] for one in verdicts)
