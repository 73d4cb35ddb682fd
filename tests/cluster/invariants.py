"""Invariants after recovery."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg

from deploy.cli.running import Running
from kit.eventstore.rebuild import rebuild
from kit.messaging.stream_verification import Verdict
from runtime.application import connected
from runtime.stream_comparison import StreamComparison
from testing.driver import SystemDriver
from testing.services import inside
from testing.waiting import wait_until
from tests.cluster.bus import unread
from tests.cluster.load import Owner
from tests.cluster.processes import RELAYING


def all_holds(driver: SystemDriver, var: Path, owners: list[Owner]) -> None:
    """Nothing acknowledged is lost or doubled; streams are as stored, and read models as they would be built anew."""
    for owner in owners:
        nothing_is_lost_or_doubled(owner)
    wait_until(
        lambda: _rows(driver, "notifications", "SELECT id FROM notifications WHERE state = 'requested'") == [], 60
    )
    wait_until(
        lambda: (found := unread(driver.info["nats_url"])) is not None and not any(found.values()), 30, "all read"
    )
    assert [(service, found) for service in RELAYING if (found := _parked(driver, service))] == []
    running = Running(var, driver.info, json.loads((var / "ports.json").read_text()))
    with ThreadPoolExecutor(len(RELAYING)) as pool:
        verdicts = list(pool.map(lambda service: _compared(running, service), RELAYING))
    wrong = [f"{service}: {one}" for service, one in zip(RELAYING, verdicts, strict=True) if not one.sound]
    assert not wrong, wrong


def _compared(running: Running, service: str) -> Verdict:
    """The stream beside the store; a read model that would be built otherwise fails here."""
    with inside(service, running.settings(service)) as looked_at, connected(looked_at.bus):
        assert rebuild(looked_at.store).differing == {}, f"{service}'s read models"

        def verdict() -> Verdict | None:
            found = StreamComparison(looked_at).verdict()
            return None if found.waiting else found

        found = wait_until(verdict, 15, f"{service}'s events to be out")
        assert found is not None
        return found


def nothing_is_lost_or_doubled(owner: Owner) -> None:
    found = owner.person.api("GET", f"/organizations/{owner.organization}").json()
    assert found["name"] == owner.name
    assert owner.held("clients", "name") == owner.clients
    assert owner.held("platforms", "name") == owner.platforms
    assert owner.held("invitations", "email") == owner.invited


def every_guest_has_one_mail(driver: SystemDriver, owners: list[Owner], killed: int) -> None:
    """At most one is doubled for each sender that was killed, and is recorded as of unknown outcome."""
    guests = {email for owner in owners for email in owner.invited}
    listed = driver.mailbox("/api/v1/messages", limit=10_000)["messages"]
    received = [to["Address"] for message in listed for to in message["To"] if to["Address"] in guests]
    assert set(received) == guests
    unknown = _rows(driver, "notifications", "SELECT id FROM notifications WHERE outcome_unknown")
    assert len(received) - len(guests) <= len(unknown) <= killed


def _parked(driver: SystemDriver, service: str) -> list[Any]:
    return _rows(driver, service, "SELECT durable, subject, error FROM parked")


def _rows(driver: SystemDriver, service: str, query: str) -> list[Any]:
    with psycopg.connect(driver.info["postgres_dsn"][service]) as connection:
        return connection.execute(query.encode()).fetchall()
