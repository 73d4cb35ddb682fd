"""Parts away: what goes on, what waits, what is refused, on a system of its own."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import Tradehall
from embedded import temporary_folder
from embedded.fixtures import wait_until
from tests.driver import Hall, Person, address


@pytest.fixture(scope="module")
def system() -> Iterator[Tradehall]:
    with temporary_folder() as var, Tradehall(var) as made:
        yield made


@pytest.fixture(scope="module")
def own(system: Tradehall) -> Iterator[Hall]:
    hall = Hall(system.info)
    yield hall
    hall.close()


def _signal(system: Tradehall, name: str, number: int) -> None:
    """Signal a part and its children, as a machine that stops would."""
    pid = system.pid(name)
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for one in [*map(int, children), pid]:
        os.kill(one, number)


def test_commands_succeed_without_the_bus_and_their_events_follow(system: Tradehall, own: Hall) -> None:
    ada = own.newcomer("ada")
    org, guest = ada.organization, address("guest")
    _signal(system, "nats", signal.SIGSTOP)
    try:
        body = {"email": guest, "role": "viewer"}
        assert ada.api("PATCH", f"/organizations/{org}", json={"name": "Without a bus"}).status_code == 200
        assert ada.api("POST", f"/organizations/{org}/invitations", json=body).status_code == 201
        stranger = Person(own, address("new")).register()
        assert own.mails(guest) == []
    finally:
        _signal(system, "nats", signal.SIGCONT)
    assert own.mail(guest, "invitation", timeout=40)
    assert own.mail(stranger.email, timeout=40).one_time_password


def test_mail_waits_while_its_server_is_away_and_none_is_lost(system: Tradehall, own: Hall) -> None:
    _signal(system, "mailbox", signal.SIGSTOP)
    people = [Person(own, address("patient")).register() for _ in range(5)]
    os.kill(system.pid("mailbox"), signal.SIGKILL)
    for person in people:
        assert own.mail(person.email, timeout=60).one_time_password


def test_a_frozen_database_is_503_within_five_seconds_on_every_route_and_nothing_is_half_done(
    system: Tradehall, own: Hall
) -> None:
    ada = own.newcomer("ada")
    org = ada.organization
    token = ada.token
    assert token
    _signal(system, "postgres", signal.SIGSTOP)
    try:
        for method, path, body in (
            ("GET", "/organizations", None),
            ("POST", "/organizations", {"name": "Never"}),
            ("PATCH", f"/organizations/{org}", {"name": "Never"}),
            ("POST", f"/organizations/{org}/clients", {"name": "Never", "scopes": []}),
            ("POST", "/registrations", {"email": address("never")}),
        ):
            started = time.monotonic()
            answer = ada.api(method, path, json=body)
            assert time.monotonic() - started < 5, f"{method} {path}"
            assert answer.status_code == 503, f"{method} {path}: {answer.text}"
            assert int(answer.headers["retry-after"]) > 0
        assert own.http.get("/health").status_code == 503
    finally:
        _signal(system, "postgres", signal.SIGCONT)
    wait_until(lambda: own.http.get("/health").status_code == 200, 30, "the system to be healthy")
    assert ada.api("GET", f"/organizations/{org}").json()["name"] == "My organization"
    assert len(ada.api("GET", "/organizations").json()["items"]) == 1


def test_a_dead_service_is_a_problem_with_retry_after(system: Tradehall, own: Hall) -> None:
    os.kill(system.pid("organizations"), signal.SIGKILL)
    answer = own.http.get("/api/v1/organizations")
    if answer.status_code != 401:  # it may be back already
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert "retry-after" in answer.headers
    wait_until(lambda: own.http.get("/health").status_code == 200, 30, "the service to be back")
