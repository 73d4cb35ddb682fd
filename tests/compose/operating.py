"""What an operator does with a composition, as docs/operations.md says it. Run by tests.compose alone."""

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
from embedded.fixtures import wait_until
from tests.compose import Composition
from tests.driver import Hall, Person
from tests.journeys import healthy

READING = (
    ("status",),
    ("parked", "list"),
    ("streams", "verify"),
    ("views", "rebuild"),
    ("keys", "rotate"),
    ("streams", "rebuild", "organizations"),
)


@pytest.fixture(scope="module")
def composition() -> Composition:
    return Composition(dict(os.environ))


@pytest.fixture(scope="module")
def ada(hall: Hall) -> Person:
    return hall.newcomer("ada")


def test_nobody_is_operator_until_the_operators_program_names_one(composition: Composition, ada: Person) -> None:
    assert ada.api("GET", "/operations/identity").status_code == 403, "she registered first"
    composition.operate("operator", "add", ada.email)
    assert ada.api("GET", "/operations/identity").status_code == 200


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_what_the_operators_program_says_of_containers(composition: Composition, arguments: tuple[str, ...]) -> None:
    assert json.loads(composition.operate(*arguments, "--json")) is not None


def test_everything_about_a_person_is_written_out(composition: Composition, ada: Person) -> None:
    told = json.loads(composition.operate("person", "export", ada.email, "--file", "-"))
    assert told["person"]["email"] == ada.email
    assert told["services"]["identity"]["rows"]


def test_a_bug_report_names_versions_and_states_and_no_secret(composition: Composition) -> None:
    logs = composition.run("logs", "--no-color", "--tail", "20", "identity")
    dsn = (composition.secrets / "identity-dsn").read_text()
    told = json.loads(composition.operate("diagnose", "--logs", "-", said=f"{logs}\nconnecting to {dsn}\n"))
    assert told["ready"]["identity"][0] is True
    assert told["lines"][-1] == "connecting to [removed]\n"


def test_a_person_is_erased_and_noted_outside_the_databases(composition: Composition, hall: Hall) -> None:
    person = hall.newcomer("erased")
    told = json.loads(composition.operate("person", "erase", person.email, "--yes", "--json"))
    listed = composition.run("exec", "-T", "identity", "cat", "/var/lib/tradehall/erased.txt")
    assert told["user_id"] in listed
    assert person.sign_in().url.path == "/login"


def test_a_backup_is_whole_and_opened_by_the_master_keys(composition: Composition, tmp_path: Path) -> None:
    mine = ("--user", f"{os.getuid()}:{os.getgid()}", "--volume", f"{tmp_path}:/here")
    composition.operate("backup", "/here/monday", options=mine)
    keys = (*mine, "--volume", f"{composition.secrets}:/keys:ro")
    check = ("restore", "/here/monday", "--master-keys", "/keys", "--nobody-erased", "--check-only", "--json")
    assert json.loads(composition.operate(*check, options=keys))["sound"]
    assert (tmp_path / "monday" / "identity.dump").stat().st_mode & 0o077 == 0


def test_a_downstream_system_is_let_in_and_shut_out(composition: Composition, ada: Person) -> None:
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


def test_a_new_master_key_opens_all_that_there_was(composition: Composition, hall: Hall, ada: Person) -> None:
    file = composition.secrets / "identity-master-key"
    old = file.read_text()
    composition.make("master-key", SERVICE="identity")
    assert file.read_text() != old
    assert (composition.secrets / "identity-master-keys-retired").read_text() == old
    composition.run("restart", "--timeout", "10", "identity")  # with the new key alone
    wait_until(lambda: healthy(hall.url), 90, "the health of all services")
    assert ada.sign_in().status_code == 200
    assert ada.email in composition.operate("person", "export", ada.email, "--file", "-")
