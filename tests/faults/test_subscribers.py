"""Subscriber accounts that the command line creates and deletes, and the programs in docs/examples."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import nats
import nats.errors
import pytest

from deploy.local import Tradehall
from deploy.local.settings import ROOT
from embedded import temporary_folder
from testing.cli import answer
from testing.driver import SystemDriver, UserDriver
from testing.waiting import wait_until

EXAMPLES = ROOT / "docs" / "examples"


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Tradehall, Path]]:
    with temporary_folder() as folder, Tradehall(folder / "var") as tradehall:
        yield tradehall, folder / "var"


@pytest.fixture(scope="module")
def driver(running: tuple[Tradehall, Path]) -> Iterator[SystemDriver]:
    driver = SystemDriver(running[0].info)
    yield driver
    driver.close()


class Subscriber:
    """An example as a process of its own, with the file it keeps events in."""

    def __init__(self, example: str, user: dict[str, Any], organization: str, folder: Path) -> None:
        self.file = folder / "events.sqlite"
        self._log = folder / "log"
        self._program = (sys.executable, str(EXAMPLES / f"{example}.py"))
        self._environment = {
            **os.environ,
            "TRADEHALL_BUS_URL": user["url"],
            "TRADEHALL_BUS_USER": user["user"],
            "TRADEHALL_BUS_PASSWORD": user["password"],
            "TRADEHALL_BUS_ORGANIZATION": organization,
            "EVENTS_FILE": str(self.file),
        }

    def start(self) -> None:
        with self._log.open("a") as log:
            self._running = subprocess.Popen(self._program, env=self._environment, stdout=log, stderr=log)

    def kill(self) -> None:
        self._running.kill()
        self._running.wait()

    def rows(self, kind: str) -> list[dict[str, Any]]:
        if not self.file.exists():
            return []
        with sqlite3.connect(self.file) as database:
            if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'events'").fetchone():
                return []
            query = "SELECT data FROM events WHERE type = ? ORDER BY rowid"
            return [json.loads(data) for (data,) in database.execute(query, (f"tradehall.organizations.{kind}.v1",))]


def rename(person: UserDriver, organization: str, names: list[str]) -> None:
    for name in names:
        answer = person.api("PATCH", f"/organizations/{organization}", json={"name": name})
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("example", ["subscriber_nats", "subscriber_faststream"])
def test_a_subscriber_loses_nothing_when_it_and_the_bus_are_killed(
    running: tuple[Tradehall, Path], driver: SystemDriver, tmp_path: Path, example: str
) -> None:
    system, var = running
    person, stranger = driver.new_user(), driver.new_user()
    organization = person.organization
    user = answer(var, "bus-user", "add", "--organization", organization)
    subscriber = Subscriber(example, user, organization, tmp_path)
    names = [f"name {number}" for number in range(40)]

    def kept() -> list[str]:
        return [row["to"] for row in subscriber.rows("OrgRenamed")]

    subscriber.start()
    try:
        rename(stranger, stranger.organization, ["not for others"])
        rename(person, organization, names[:10])
        wait_until(lambda: kept() == names[:10], 30, "the first are kept")
        rename(person, organization, names[10:20])
        subscriber.kill()
        rename(person, organization, names[20:25])
        subscriber.start()
        os.kill(system.pid("nats"), signal.SIGKILL)
        rename(person, organization, names[25:])
        wait_until(lambda: len(kept()) >= len(names), 60, "all are kept")
        assert kept() == names
        assert [row["organization_id"] for row in subscriber.rows("OrgCreated")] == [organization]
    finally:
        subscriber.kill()


def test_a_plain_nats_subscriber_continues_after_a_refill(
    running: tuple[Tradehall, Path], driver: SystemDriver, tmp_path: Path
) -> None:
    person = driver.new_user()
    organization = person.organization
    user = answer(running[1], "bus-user", "add", "--organization", organization)
    subscriber = Subscriber("subscriber_nats", user, organization, tmp_path)
    subscriber.start()
    try:
        rename(person, organization, ["before"])
        wait_until(lambda: len(subscriber.rows("OrgRenamed")) == 1, 30)
        assert answer(running[1], "streams", "rebuild", "organizations")["sound"]
        rename(person, organization, ["after"])
        wait_until(lambda: [row["to"] for row in subscriber.rows("OrgRenamed")] == ["before", "after"], 30)
    finally:
        subscriber.kill()


def test_a_deleted_subscriber_is_disconnected_and_others_stay(running: tuple[Tradehall, Path]) -> None:
    _, var = running
    gone, stays = (answer(var, "bus-user", "add", "--organization", str(uuid4())) for _ in range(2))
    assert asyncio.run(is_let_in(gone))
    assert {each["user"] for each in answer(var, "bus-user", "list")} >= {gone["user"], stays["user"]}
    answer(var, "bus-user", "remove", gone["user"])
    wait_until(lambda: not asyncio.run(is_let_in(gone)), what="the removed user is refused")
    assert asyncio.run(is_let_in(stays))
    assert not (var / "secrets" / f"bus-user-{gone['user']}").exists()


async def is_let_in(user: dict[str, Any]) -> bool:
    async def quiet(_: Exception) -> None:
        pass

    try:
        connection = await nats.connect(
            user["url"], user=user["user"], password=user["password"], allow_reconnect=False, error_cb=quiet
        )
    except nats.errors.Error:
        return False
    await connection.close()
    return True
