"""Password hashing under load: few at a time, the others are refused immediately, and the event loop stays free."""

import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from unittest.mock import patch
from uuid import uuid4

import httpx2
import pytest

from identity.passwords.hashing import Hashing
from identity.service import IdentityService
from identity.tests.container import PASSWORD, settings
from identity.tests.running_service import RunningIdentity
from testing.servers import Databases
from testing.waiting import wait_until


@pytest.fixture(scope="module")
def service(databases: Databases) -> Iterator[RunningIdentity]:
    with RunningIdentity(settings(databases.of(IdentityService)), IdentityService) as service:
        yield service


AT_ONCE = Hashing().places + 2


def sign_in(service: RunningIdentity) -> httpx2.Response:
    """Somebody without an account, at a network address of their own, tries."""
    form = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD}
    answer: httpx2.Response = service.browser(str(uuid4())).post("/login", data=form)
    return answer


def test_requests_beyond_the_queue_are_refused_and_livez_answers(service: RunningIdentity) -> None:
    go_on = Event()

    def slow(*_: object) -> bool:
        go_on.wait(20)
        return False

    caller = service.caller(f"{uuid4().hex}@example.com")
    change = {"current_password": PASSWORD, "new_password": "seven herons in the rain"}
    browser = service.browser()
    browser.get("/login")
    with ThreadPoolExecutor(64) as pool, patch.object(Hashing, "_fits", slow):
        try:
            waiting = [pool.submit(sign_in, service) for _ in range(40)]
            turned_away = wait_until(lambda: [each for each in waiting if each.done()], what="somebody turned away")
            assert {each.result().status_code for each in turned_away} == {429}
            for path in ("/login", "/password/new", "/password/reset/x", "/invitations/x", "/api/v1/me/password"):
                if path.startswith("/api"):
                    answer = caller.put(path, json=change)
                else:
                    answer = browser.post(path, data={"password": PASSWORD})
                assert answer.status_code == 429, path
                assert int(answer.headers["retry-after"]) > 0
            assert "Too many sign-ins" in browser.post("/login").text
            assert browser.get("/livez").status_code == 200
            queue = [line for line in browser.get("/metrics").text.splitlines() if "password_hash_queue " in line]
            assert float(queue[-1].split()[-1]) > 0
        finally:
            go_on.set()
    assert sum(each.result().status_code == 422 for each in waiting) >= 2
    assert sign_in(service).status_code == 422


def test_a_refusal_without_a_free_slot_takes_a_tenth_of_a_second(service: RunningIdentity) -> None:
    """While all threads make real hashes, and a queue of them waits: behind it, a refusal would take longer."""
    enough = Event()
    answers: list[httpx2.Response] = []

    def sign_in_again_and_again(_: int) -> None:
        while not enough.is_set():
            answers.append(sign_in(service))
            if sum(each.status_code == 429 for each in answers) >= 100 or len(answers) > 5000:
                enough.set()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(sign_in_again_and_again, range(AT_ONCE)))
    took = {
        status: [each.elapsed.total_seconds() for each in answers if each.status_code == status]
        for status in (422, 429)
    }
    assert len(took[422]) + len(took[429]) == len(answers)
    assert {each.headers["retry-after"] for each in answers if each.status_code == 429} == {"2"}
    assert statistics.median(took[429]) < min(0.1, statistics.median(took[422]) / 2)


def test_livez_stays_quick_while_passwords_are_hashed(service: RunningIdentity) -> None:
    """Beside the sign-ins under way: were they hashed on the loop, it would wait as long as they do."""
    with ThreadPoolExecutor(12) as pool:
        signing_in = [pool.submit(sign_in, service) for _ in range(120)]
        took = []
        browser = service.browser()
        while not all(each.done() for each in signing_in):
            started = time.perf_counter()
            assert browser.get("/livez").status_code == 200
            took.append(time.perf_counter() - started)
    assert {each.result().status_code for each in signing_in} == {422}
    assert len(took) > 10
    assert statistics.median(took) < statistics.median(each.result().elapsed.total_seconds() for each in signing_in) / 2
