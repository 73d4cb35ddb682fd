"""Parts of the system are down: what works, waits or is refused."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from deploy.local import Tradehall
from embedded import temporary_folder
from embedded.signals import frozen, signal_group
from testing.driver import SystemDriver, UserDriver, address
from testing.waiting import wait_until
from tests.contracts.example_requests import operations, request_of
from tests.contracts.world import World

Away = Callable[[Tradehall, str], AbstractContextManager[None]]
WITHOUT_DATABASE = {"jwks", "openid_configuration", "oauth_authorization_server", "authorize", "authorize_by_form"}
"""Answered from memory; the last two redirect a browser without a session to the sign-in page."""
KNOWN_FOR_A_WHILE = {"token", "introspect"}
"""What needs a client only, who is remembered for less than a second."""


@pytest.fixture(scope="module")
def system() -> Iterator[Tradehall]:
    with temporary_folder() as var, Tradehall(var, demo=True) as made:
        yield made


@pytest.fixture(scope="module")
def own(system: Tradehall) -> Iterator[SystemDriver]:
    driver = SystemDriver(system.info)
    yield driver
    driver.close()


def _frozen(system: Tradehall, name: str) -> AbstractContextManager[None]:
    return frozen(system.pid(name))


@contextmanager
def _kept_down(system: Tradehall, name: str) -> Iterator[None]:
    """A part that is killed as often as it is started again."""
    over = threading.Event()

    def kill() -> None:
        killed = None
        while not over.wait(0.005):
            if system.pid(name) != killed:
                killed = system.pid(name)
                signal_group(killed, signal.SIGKILL)

    killing = threading.Thread(target=kill)
    killing.start()
    try:
        yield
    finally:
        over.set()
        killing.join()


@contextmanager
def _without_its_folder(system: Tradehall, name: str) -> Iterator[None]:
    """A database that ends at each start, because its data are not there."""
    data = Path(f"/proc/{system.pid(name)}/cwd").readlink()
    away = data.rename(data.with_name(f"{data.name}-away"))
    try:
        signal_group(system.pid(name), signal.SIGKILL)
        yield
    finally:
        away.rename(data)


def test_commands_succeed_without_the_bus_and_their_events_follow(system: Tradehall, own: SystemDriver) -> None:
    ada = own.new_user("ada")
    org, guest = ada.organization, address("guest")
    with _frozen(system, "nats"):
        body = {"email": guest, "role": "viewer"}
        assert ada.api("PATCH", f"/organizations/{org}", json={"name": "Without a bus"}).status_code == 200
        assert ada.api("POST", f"/organizations/{org}/invitations", json=body).status_code == 201
        stranger = UserDriver(own, address("new")).register()
        assert own.mails(guest) == []
    assert own.mail(guest, "invitation", timeout=40)
    assert own.mail(stranger.email, timeout=40).one_time_password


def test_no_mail_is_lost_while_the_mail_server_is_down(system: Tradehall, own: SystemDriver) -> None:
    signal_group(system.pid("mailbox"), signal.SIGSTOP)
    people = [UserDriver(own, address("patient")).register() for _ in range(5)]
    os.kill(system.pid("mailbox"), signal.SIGKILL)
    for person in people:
        assert own.mail(person.email, timeout=60).one_time_password


@pytest.mark.parametrize("away", [_frozen, _without_its_folder])
def test_without_the_database_requests_are_503_within_five_seconds_and_work_afterwards(
    system: Tradehall, own: SystemDriver, away: Away
) -> None:
    world = World(own)
    values = world.values()
    requests = {each[2]["operationId"]: request_of(world, values, *each) for each in operations()}
    before = state(world)
    with away(system, "postgres"):
        wait_until(lambda: own.http.get("/health").status_code == 503, 10, "the system to say so")
        with ThreadPoolExecutor(len(requests)) as pool:
            answers = dict(zip(requests, pool.map(timed, requests.values()), strict=True))
    for name, (seconds, answer) in answers.items():
        assert seconds < 5, name
        if name in WITHOUT_DATABASE or (name in KNOWN_FOR_A_WHILE and answer.status_code == 200):
            assert answer.status_code in (200, 303), name
        else:
            assert answer.status_code == 503, f"{name}: {answer.text}"
            assert int(answer.headers["retry-after"]) > 0
    assert len(answers) > 80
    wait_until(lambda: own.http.get("/health").status_code == 200, 60, "the system to be healthy")
    assert state(world) == before
    later = UserDriver(own, address("later")).register()
    assert own.mail(later.email, timeout=40).one_time_password
    assert own.mails(values["grace@broker.example"]) == []
    for name, request in requests.items():
        answer = request()
        assert answer.status_code < 400, f"{name}: {answer.text}"


def timed(request: Callable[[], httpx2.Response]) -> tuple[float, httpx2.Response]:
    started = time.monotonic()
    answer = request()
    return time.monotonic() - started, answer


def state(world: World) -> Any:
    """What Ada sees of herself and her organization, once all that she did is in its trail."""
    heard = {"ClientSecretIssued", "PlatformCredentialsSet"}
    trail = f"{world.base}/audit?limit=200"
    wait_until(lambda: heard <= {entry["type"] for entry in world.ada.api("GET", trail).json()["items"]})
    paths = ("/me", "/organizations", world.base, f"{world.base}/members", f"{world.base}/invitations", trail)
    shown = [world.ada.api("GET", path).json() for path in paths]
    for path in ("clients", "platforms"):
        things = world.ada.api("GET", f"{world.base}/{path}").json()["items"]
        shown.append([(thing["id"], thing["name"]) for thing in things])
    return shown


def test_a_dead_service_is_a_problem_with_retry_after(system: Tradehall, own: SystemDriver) -> None:
    def refused() -> httpx2.Response | None:
        answer = own.http.get("/api/v1/organizations")
        return answer if answer.status_code != 401 else None  # as long as it is dying

    with _kept_down(system, "organizations"):
        answer = wait_until(refused, 5, "the service to be dead")
        assert isinstance(answer, httpx2.Response)
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert int(answer.headers["retry-after"]) > 0
    wait_until(lambda: own.http.get("/health").status_code == 200, 60, "the service to be back")
