"""The login throttle over HTTP: answers to browsers and programs, and unlocking."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from identity.login_throttle.service import FREE
from identity.service import IdentityService
from identity.tests.container import PASSWORD, settings
from identity.tests.running_service import RunningIdentity, cookies_given
from testing.servers import Databases
from testing.waiting import wait_until


@pytest.fixture(scope="module")
def service(databases: Databases) -> Iterator[RunningIdentity]:
    """One for all tests here; each brings its own address. The first person is operator."""
    with RunningIdentity(settings(databases.of(IdentityService))) as service:
        service.signed_in("operator@example.com")
        yield service


@pytest.fixture
def email() -> str:
    return f"{uuid4().hex}@example.com"


def guess(browser: TestClient, email: str, times: int = FREE) -> None:
    for _ in range(times):
        assert browser.post("/login", data={"email": email, "password": "a wrong one"}).status_code == 422


def test_the_page_shows_when_to_retry_for_any_account(service: RunningIdentity, email: str) -> None:
    service.signed_in(email)
    pages = []
    for each in (email, f"{uuid4().hex}@example.com"):
        browser = service.browser()
        guess(browser, each)
        answer = browser.post("/login", data={"email": each, "password": PASSWORD})
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= 15
        assert "set-cookie" not in answer.headers or "tradehall=" not in answer.headers["set-cookie"]
        pages.append(re.sub(r"in \d+ seconds?", "in N seconds", answer.text.replace(each, "")))
    assert "Too many failed attempts. Try again in N seconds." in pages[0]
    assert pages[0] == pages[1]


def test_the_owners_browser_signs_in_while_others_are_refused(service: RunningIdentity, email: str) -> None:
    owner = service.signed_in(email)
    owner.post("/logout")
    assert "tradehall-device" in owner.cookies
    guess(service.browser(), email)
    form = {"email": email, "password": PASSWORD}
    assert service.browser().post("/login", data=form).status_code == 429
    assert owner.post("/login", data=form).status_code == 303


def test_the_device_cookie_lasts_and_no_script_reads_it(service: RunningIdentity, email: str) -> None:
    service.signed_in(email)
    answer = service.browser().post("/login", data={"email": email, "password": PASSWORD})
    header = cookies_given(answer)["tradehall-device"]
    assert "HttpOnly" in header
    assert "SameSite=lax" in header
    assert "Max-Age=34560000" in header


def test_the_current_password_cannot_be_guessed_with_a_token(service: RunningIdentity, email: str) -> None:
    caller = service.caller(email)
    body = {"current_password": "a wrong one", "new_password": "seven herons in the rain"}
    for _ in range(FREE):
        assert caller.put("/api/v1/me/password", json=body).status_code == 422
    answer = caller.put("/api/v1/me/password", json={**body, "current_password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (429, "too-many-attempts")
    assert int(answer.headers["retry-after"]) > 0


def test_only_an_operator_unlocks(service: RunningIdentity, email: str) -> None:
    other = service.caller(email)
    browser = service.browser()
    guess(browser, email)
    wait_until(lambda: service.parts.database.one("SELECT FROM locks") is not None, what="the lock told of")
    path = f"/api/v1/operations/users/{service.user(email).id}/unlock"
    refused = other.post(path)
    assert (refused.status_code, refused.json()["code"]) == (403, "operator-needed")
    assert service.browser().post(path).status_code == 401
    form = {"email": email, "password": PASSWORD}
    assert browser.post("/login", data=form).status_code == 429
    operator = service.browser()
    operator.post("/login", data={"email": "operator@example.com", "password": PASSWORD})
    bearer = {"Authorization": f"Bearer {service.token(operator)}"}
    assert operator.post(path, headers=bearer).status_code == 204
    assert browser.post("/login", data=form).status_code == 303
    assert operator.post(f"/api/v1/operations/users/{uuid4()}/unlock", headers=bearer).status_code == 404
