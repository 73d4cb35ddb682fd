"""Slow hashes under load: a few at a time, the others are told at once, and the event loop stays free."""

import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from unittest.mock import patch
from uuid import uuid4

import httpx
import pytest

from embedded.fixtures import wait_until
from embedded.postgres import Postgres
from identity.application.hashing import Hashing
from identity.tests.parts import PASSWORD, settings
from identity.tests.running import Running


@pytest.fixture(scope="module")
def service(postgres_server: Postgres) -> Iterator[Running]:
    with Running(settings(postgres_server.create_database(f"hashing_{uuid4().hex}"))) as service:
        yield service


def sign_in(service: Running) -> httpx.Response:
    """Somebody without an account, from an address of their own, tries."""
    form = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD}
    answer: httpx.Response = service.browser().post("/login", data=form)
    return answer


def test_who_finds_no_place_is_told_within_a_tenth_of_a_second_and_livez_answers(service: Running) -> None:
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
            took = []
            for path in ("/login", "/password/new", "/password/reset/x", "/invitations/x", "/api/v1/me/password"):
                started = time.perf_counter()
                if path.startswith("/api"):
                    answer = caller.put(path, json=change)
                else:
                    answer = browser.post(path, data={"password": PASSWORD})
                took.append(time.perf_counter() - started)
                assert answer.status_code == 429, path
                assert int(answer.headers["retry-after"]) > 0
            assert "Too many people" in browser.post("/login").text
            assert statistics.median(took) < 0.1
            assert browser.get("/livez").status_code == 200
            queue = [line for line in browser.get("/metrics").text.splitlines() if "password_hash_queue " in line]
            assert float(queue[-1].split()[-1]) > 0
        finally:
            go_on.set()
    assert sum(each.result().status_code == 422 for each in waiting) >= 2
    assert sign_in(service).status_code == 422


def test_livez_stays_quick_while_passwords_are_hashed(service: Running) -> None:
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
