"""The operator's program against a running system."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import nats
import psycopg
import pytest
import typer

from contracts.streams import consumers_of
from deploy.cli.__main__ import app
from deploy.local import Tradehall
from embedded import temporary_folder
from testing import plain_http
from testing.cli import answer, tradehall
from testing.waiting import wait_until


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Tradehall, Path]]:
    with temporary_folder() as folder, Tradehall(folder / "var") as tradehall:
        yield tradehall, folder / "var"


def keep_dead_letter(dsn: str, durable: str, payload: dict[str, Any]) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO parked (durable, source, subject, sequence, type, payload, error, attempts) "
            "VALUES (%(durable)s, %(source)s, %(subject)s, %(sequence)s, %(type)s, %(payload)s, %(error)s, 3)",
            {**payload, "durable": durable, "payload": json.dumps(payload).encode(), "error": "RuntimeError: it broke"},
        )


def message(subject: str, sequence: int, kind: str) -> dict[str, Any]:
    return {
        "id": f"identity-other-{sequence}",
        "source": "/identity/other",
        "subject": subject,
        "sequence": sequence,
        "version": 1,
        "type": kind,
        "time": "2026-01-01T00:00:00Z",
        "dataschema": "urn:x",
        "data": {},
    }


def test_status_shows_that_all_services_are_ready(running: tuple[Tradehall, Path]) -> None:
    states = answer(running[1], "status")
    assert set(states) == set(running[0].info["postgres_dsn"])
    assert all(state["ready"] for state in states.values())
    assert "identity       ready" in tradehall(running[1], "status").stdout


def register(system: Tradehall, email: str) -> UUID:
    plain_http.post(f"{system.info['url']}/api/v1/registrations", json={"email": email}).raise_for_status()
    with psycopg.connect(system.info["postgres_dsn"]["identity"], autocommit=True) as connection:
        query = "SELECT id FROM people WHERE email = %s"
        found = wait_until(lambda: connection.execute(query, (email,)).fetchone(), what=f"{email} is known")
    assert found is not None
    return UUID(str(found[0]))


def test_only_registered_users_become_operators(running: tuple[Tradehall, Path]) -> None:
    system, var = running
    dsn = system.info["postgres_dsn"]["identity"]
    for email in ("first@example.com", "second@example.com"):
        register(system, email)
    added = answer(var, "operator", "add", "Second@example.com")
    assert answer(var, "operator", "add", "second@example.com") == added
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT email FROM operators JOIN people ON id = user_id ORDER BY since").fetchall()
    assert rows == [("first@example.com",), ("second@example.com",)]
    refused = tradehall(var, "operator", "add", "nobody@example.com")
    assert (refused.returncode, refused.stderr) == (1, "Nobody has registered with that address.\n")


@pytest.mark.parametrize("service", ["identity", "organizations", "platforms", "notifications"])
def test_dead_letters_are_listed_replayed_by_their_service_and_discarded(
    running: tuple[Tradehall, Path], service: str
) -> None:
    system, var = running
    dsn = system.info["postgres_dsn"][service]
    durable = min(one.name for one in consumers_of(service))
    keep_dead_letter(dsn, durable, message("unknown", 1, "tradehall.identity.OfAnotherRelease.v9"))
    keep_dead_letter(dsn, durable, message("broken", 2, "tradehall.identity.UserRegistered.v1"))
    mine = answer(var, "dead-letters", "list", service)
    assert {row["service"] for row in mine} == {service}
    assert [(row["subject"], row["error"]) for row in mine] == [
        ("unknown", "RuntimeError: it broke"),
        ("broken", "RuntimeError: it broke"),
    ]
    assert "payload" not in mine[0]

    done = tradehall(var, "dead-letters", "replay", service, "--json")
    result = json.loads(done.stdout)
    assert (done.returncode, result["replayed"]) == (1, 1)
    assert [one["subject"] for one in result["failed"]] == ["broken"]

    discard = ("dead-letters", "discard", service, str(mine[1]["id"]), "--reason", "made for a test")
    assert answer(var, *discard) == {"discarded": True}
    assert tradehall(var, *discard).returncode == 1
    assert answer(var, "dead-letters", "replay", service) == {"replayed": 0, "failed": []}


def test_dead_letters_of_all_services_are_listed(running: tuple[Tradehall, Path]) -> None:
    system, var = running
    at = {name: system.info["postgres_dsn"][name] for name in ("identity", "notifications")}
    for name, dsn in at.items():
        keep_dead_letter(
            dsn, min(one.name for one in consumers_of(name)), message(f"of {name}", 3, "tradehall.identity.Odd.v9")
        )
    rows = answer(var, "dead-letters", "list")
    assert [(row["service"], row["subject"]) for row in rows] == [(name, f"of {name}") for name in at]
    for row in rows:
        answer(var, "dead-letters", "discard", row["service"], str(row["id"]), "--reason", "made for a test")


def test_the_old_name_of_dead_letters_still_works_and_warns(running: tuple[Tradehall, Path]) -> None:
    done = tradehall(running[1], "parked", "list", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, [])
    assert done.stderr == "`tradehall parked` is deprecated: use `tradehall dead-letters`.\n"


def test_a_replayed_message_has_its_effect(running: tuple[Tradehall, Path]) -> None:
    system, var = running
    user = register(system, "replayed@example.com")
    with psycopg.connect(system.info["postgres_dsn"]["organizations"], autocommit=True) as connection:
        query = "SELECT name FROM people WHERE user_id = %s"
        wait_until(lambda: connection.execute(query, (user,)).fetchone(), what="organizations knows the person")
        renamed = message(str(user), 7, "tradehall.identity.UserRenamed.v1") | {
            "data": {"user_id": str(user), "name": "Ada"}
        }
        keep_dead_letter(system.info["postgres_dsn"]["organizations"], "organizations-identity", renamed)
        replayed = answer(var, "dead-letters", "replay", "organizations", "--subject", str(user))
        assert replayed == {"replayed": 1, "failed": []}
        assert connection.execute(query, (user,)).fetchone() == ("Ada",)


def test_an_exported_address_is_in_no_process_list(running: tuple[Tradehall, Path], tmp_path: Path) -> None:
    system, var = running
    email = "shown-to-nobody@example.com"
    user = str(register(system, email))
    file = tmp_path / "person.json"
    argv = (sys.executable, "-m", "deploy.cli", "person", "export", user, "--file", str(file))
    seen = set()
    with subprocess.Popen(argv, env={**os.environ, "TRADEHALL_VAR": str(var)}) as export:
        while export.poll() is None:
            seen |= {line for line in command_lines() if user in line or email in line}
    assert export.returncode == 0
    assert seen == {" ".join(argv) + " "}, "the command itself, and nothing else, names the user"
    services = json.loads(file.read_text())["services"]
    assert email in json.dumps(services["notifications"]["rows"])


def command_lines() -> Iterator[str]:
    """Of all processes, as `ps` shows them."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield path.read_text(errors="replace").replace("\0", " ")


def test_signing_keys_are_rotated(running: tuple[Tradehall, Path]) -> None:
    new = {key["kid"] for key in answer(running[1], "keys", "rotate")}
    url = running[0].info["url"]

    def published() -> bool:
        return new <= {key["kid"] for key in plain_http.get(f"{url}/oauth2/jwks").json()["keys"]}

    assert len(new) == 2
    wait_until(published)


def test_a_stream_that_differs_from_the_store_is_reported_and_refilled(
    running: tuple[Tradehall, Path],
) -> None:
    system, var = running
    register(system, "before@example.com")
    wait_until(lambda: answer(var, "streams", "verify", "identity")[0]["waiting"] == 0, what="all is published")
    sound = answer(var, "streams", "verify")
    assert [one["stream"] for one in sound] == ["IDENTITY", "ORGANIZATIONS", "PLATFORMS", "NOTIFICATIONS"]
    assert sound[0]["messages"] > 0

    asyncio.run(forge(system, (var / "secrets" / "identity-nats").read_text()))
    done = tradehall(var, "streams", "verify", "identity")
    assert (done.returncode, "1 unknown, such as forged-1" in done.stdout) == (1, True), done.stderr
    register(system, "meanwhile@example.com")  # the relay finds no place to go on from

    mended = answer(var, "streams", "rebuild", "identity")
    assert (mended["sound"], mended["unknown"], mended["waiting"]) == (True, [], 0)
    assert mended["messages"] > sound[0]["messages"]
    register(system, "after@example.com")
    wait_until(lambda: answer(var, "streams", "verify", "identity")[0]["messages"] > mended["messages"])


async def forge(system: Tradehall, password: str) -> None:
    url = f"nats://{system.info['nats_url'].rpartition('@')[2]}"
    connection = await nats.connect(url, user="identity", password=password, inbox_prefix=b"_INBOX_identity")
    await connection.jetstream().publish("evt.identity.-.x.UserLocked", b"{}", headers={"Nats-Msg-Id": "forged-1"})
    await connection.close()


def test_read_models_are_rebuilt_and_corrected(running: tuple[Tradehall, Path]) -> None:
    system, var = running
    register(system, "viewed@example.com")
    with psycopg.connect(system.info["postgres_dsn"]["identity"], autocommit=True) as connection:
        connection.execute("UPDATE people SET name = 'damaged' WHERE email = 'viewed@example.com'")
        assert answer(var, "views", "rebuild", "identity")["identity"]["differing"] == {"people": 1}
        query = "SELECT name FROM people WHERE email = 'viewed@example.com'"
        assert connection.execute(query).fetchone() == (None,)
    done = answer(var, "views", "rebuild")
    assert {name: one["differing"] for name, one in done.items()} == {
        name: {} for name in ("identity", "organizations", "platforms", "notifications")
    }


def test_new_master_keys_wrap_all_keys(running: tuple[Tradehall, Path]) -> None:
    system, var = running
    register(system, "keyed@example.com")
    dsns = system.info["postgres_dsn"]
    old = {name: (var / "secrets" / f"{name}-master-key").read_text() for name in dsns}
    told = answer(var, "keys", "rotate-master")
    assert set(told) == set(dsns)
    for name, dsn in dsns.items():
        now = (var / "secrets" / f"{name}-master-key").read_text()
        assert now.count("\n") == 1
        assert (var / "secrets" / f"{name}-master-keys-retired").read_text() == old[name]
        with psycopg.connect(dsn) as connection:
            ids = connection.execute(
                "SELECT key_id FROM service_keys UNION SELECT key_id FROM subject_keys WHERE wrapped IS NOT NULL"
            ).fetchall()
        assert now.partition(":")[0] == told[name]["master_key"]
        assert {key_id for (key_id,) in ids} <= {told[name]["master_key"]}  # a service may hold no key yet
    assert sum(one["rewrapped"] for one in told.values()) > 10
    register(system, "keyed-later@example.com")
    system_is_whole(var)


def system_is_whole(var: Path) -> None:
    assert all(state["ready"] for state in answer(var, "status").values())
    assert all(not one["differing"] for one in answer(var, "views", "rebuild").values())


def test_a_diagnosis_holds_no_secret(running: tuple[Tradehall, Path], tmp_path: Path) -> None:
    system, var = running
    answer(var, "diagnose", "--file", str(tmp_path / "d.json"))
    text = (tmp_path / "d.json").read_text()
    told = json.loads(text)
    assert told["ready"]["identity"][0] is True
    assert told["logs"]["identity"]
    for path in (var / "secrets").iterdir():
        for word in path.read_text().split():
            assert word not in text, path.name
            assert word.partition(":")[2] == "" or word.partition(":")[2] not in text, path.name
    assert system.info["nats_url"] not in text


def test_every_command_answers_in_json() -> None:
    def commands(group: Any, *names: str) -> Iterator[tuple[str, Any]]:
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                yield from commands(command, *names, name)
            else:
                yield " ".join((*names, name)), command

    found = dict(commands(typer.main.get_command(app)))
    assert {"status", "backup", "restore", "person export", "streams rebuild"} <= set(found)
    assert [name for name, one in found.items() if not any("--json" in each.opts for each in one.params)] == []


def test_a_stopped_system_is_reported(tmp_path: Path) -> None:
    """As a program of its own, as an operator starts it."""
    done = subprocess.run(
        (sys.executable, "-m", "deploy.cli", "status"),
        env={**os.environ, "TRADEHALL_VAR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"Tradehall does not run on {tmp_path}")
