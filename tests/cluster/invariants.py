"""What must hold once all parts are back."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg

from deploy.cli.running import Running
from embedded.fixtures import wait_until
from tests.cluster.bus import unread
from tests.cluster.load import Owner
from tests.cluster.parts import RELAYING
from tests.driver import Hall


def all_holds(hall: Hall, var: Path, owners: list[Owner]) -> None:
    """Nothing acknowledged is lost or doubled; streams are as stored, and read models as they would be built anew."""
    for owner in owners:
        nothing_is_lost_or_doubled(owner)
    wait_until(lambda: (found := unread(hall.info["nats_url"])) is not None and not any(found.values()), 30, "all read")
    assert {service: _parked(hall, service) for service in RELAYING} == dict.fromkeys(RELAYING, [])
    running = Running(var, hall.info, json.loads((var / "ports.json").read_text()))
    with ThreadPoolExecutor(2 * len(RELAYING)) as pool:
        streams = {service: pool.submit(running.ask, service, "stream-verify") for service in RELAYING}
        views = {service: pool.submit(running.ask, service, "views-rebuild") for service in RELAYING}
    for service in RELAYING:
        verdict = streams[service].result()
        assert verdict.said, verdict.complaint
        assert (verdict.said["sound"], verdict.said["waiting"]) == (True, 0), verdict.said
        assert views[service].result().said["differing"] == {}, f"{service}'s read models"


def nothing_is_lost_or_doubled(owner: Owner) -> None:
    found = owner.person.api("GET", f"/organizations/{owner.organization}").json()
    assert found["name"] == owner.name
    assert owner.held("clients", "name") == owner.clients
    assert owner.held("platforms", "name") == owner.platforms
    assert owner.held("invitations", "email") == owner.invited


def every_guest_has_one_mail(hall: Hall, owners: list[Owner], killed: int) -> None:
    """At most one is doubled for each sender that was killed, and is recorded as of unknown outcome."""
    guests = {email for owner in owners for email in owner.invited}
    wait_until(lambda: _rows(hall, "notifications", "SELECT id FROM notifications WHERE state = 'requested'") == [], 60)
    listed = hall.mailbox("/api/v1/messages", limit=10_000)["messages"]
    received = [to["Address"] for message in listed for to in message["To"] if to["Address"] in guests]
    assert set(received) == guests
    unknown = _rows(hall, "notifications", "SELECT id FROM notifications WHERE outcome_unknown")
    assert len(received) - len(guests) <= len(unknown) <= killed


def _parked(hall: Hall, service: str) -> list[Any]:
    return _rows(hall, service, "SELECT durable, subject, error FROM parked")


def _rows(hall: Hall, service: str, query: str) -> list[Any]:
    with psycopg.connect(hall.info["postgres_dsn"][service]) as connection:
        return connection.execute(query.encode()).fetchall()
