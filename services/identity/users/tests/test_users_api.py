"""The JSON routes of users."""

import json
from collections.abc import Iterator
from uuid import uuid4

import pytest

from identity.service import IdentityService
from identity.tests.container import PASSWORD, settings
from identity.tests.running_service import RunningIdentity
from testing.servers import Databases
from testing.waiting import wait_until

NEW = "seven herons in the rain"
REGISTRATIONS = "/api/v1/registrations"


@pytest.fixture(scope="module")
def service(databases: Databases) -> Iterator[RunningIdentity]:
    """One for all tests here; each brings its own address."""
    with RunningIdentity(settings(databases.of(IdentityService))) as service:
        yield service


@pytest.fixture
def email() -> str:
    return f"{uuid4().hex}@example.com"


def test_registrations_and_resets_are_accepted_for_every_address(service: RunningIdentity, email: str) -> None:
    service.signed_in(email)
    for path in (REGISTRATIONS, "/api/v1/password-resets"):
        for address in (email, f"{uuid4().hex}@example.com"):
            answer = service.browser().post(path, json={"email": address})
            assert (answer.status_code, answer.json()) == (202, {"status": "accepted"})
    wait_until(lambda: service.user(email).reset_generation == 1)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "x@example.com\r\nBcc: y@example.com"}, "email"),
        ({"email": "x" * 300 + "@example.com"}, "email"),
        ({"email": "x@" + "y" * 300}, "email"),
        ({"email": 7}, "email"),
        ({"email": None}, "email"),
        ({"email": "x@example.com", "role": "administrator"}, "role"),
        ({"email": "\ud800@example.com"}, "email"),
        ({}, "email"),
        ([], "body"),
    ],
)
def test_an_invalid_address_is_a_problem_that_names_the_field(
    service: RunningIdentity, body: object, field: str
) -> None:
    answer = service.browser().post(
        REGISTRATIONS, content=json.dumps(body), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [each["field"] for each in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("content", [b"{", b'{"email": "\xff"}', b""])
def test_malformed_json_is_refused(service: RunningIdentity, content: bytes) -> None:
    answer = service.browser().post(REGISTRATIONS, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)


def test_a_huge_body_is_refused(service: RunningIdentity) -> None:
    answer = service.browser().post(REGISTRATIONS, json={"email": "x" * 1_100_000})
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


def test_users_read_and_rename_themselves(service: RunningIdentity, email: str) -> None:
    caller = service.caller(email)
    me = caller.get("/api/v1/me").json()
    assert list(me) == ["id", "email", "name", "created_at", "operator"]
    assert (me["email"], me["name"]) == (email, None)
    assert caller.patch("/api/v1/me", json={"name": " Ann \u00d6zil "}).json()["name"] == "Ann \u00d6zil"
    assert caller.get("/api/v1/me").json()["name"] == "Ann \u00d6zil"


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "Ann\r\nBcc: x@example.com", "\u202eAnn", None, 7])
def test_an_invalid_name_is_refused(service: RunningIdentity, email: str, name: object) -> None:
    answer = service.caller(email).patch("/api/v1/me", json={"name": name})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "name")


def test_a_password_change_revokes_all_other_sessions(service: RunningIdentity, email: str) -> None:
    caller = service.caller(email)
    other = service.browser()
    other.post("/login", data={"email": email, "password": PASSWORD})
    others_token = service.token(other)
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert caller.put("/api/v1/me/password", json=body).status_code == 204
    assert caller.get("/api/v1/me").status_code == 200
    refused = other.get("/api/v1/me", headers={"Authorization": f"Bearer {others_token}"})
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid-token")
    assert other.get("/").text.find(email) == -1


@pytest.mark.parametrize(
    ("current", "new", "field", "code"),
    [
        ("not this", NEW, "current_password", "wrong-password"),
        (PASSWORD, "short", "new_password", "password-refused"),
        (PASSWORD, "password123", "new_password", "password-refused"),
    ],
)
def test_a_refused_password_change_names_the_field(
    service: RunningIdentity, email: str, current: str, new: str, field: str, code: str
) -> None:
    body = {"current_password": current, "new_password": new}
    answer = service.caller(email).put("/api/v1/me/password", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["errors"][0]["field"] == field
    assert new not in answer.text


def test_users_list_and_revoke_their_sessions(service: RunningIdentity, email: str) -> None:
    caller = service.caller(email)
    other = service.browser()
    other.post("/login", data={"email": email, "password": PASSWORD})
    first, second = caller.get("/api/v1/me/sessions").json()["items"]
    assert (first["current"], second["current"]) == (True, False)
    assert caller.delete(f"/api/v1/me/sessions/{second['id']}").status_code == 204
    assert email not in other.get("/").text
    assert caller.delete(f"/api/v1/me/sessions/{second['id']}").status_code == 404
    assert [each["id"] for each in caller.get("/api/v1/me/sessions").json()["items"]] == [first["id"]]


def test_a_session_of_another_user_is_unknown(service: RunningIdentity, email: str) -> None:
    caller, stranger = service.caller(email), service.caller(f"{uuid4().hex}@example.com")
    (session,) = caller.get("/api/v1/me/sessions").json()["items"]
    assert stranger.delete(f"/api/v1/me/sessions/{session['id']}").status_code == 404
    assert stranger.delete("/api/v1/me/sessions/none").status_code == 404
    assert caller.get("/api/v1/me").status_code == 200


def test_sessions_come_in_pages(service: RunningIdentity, email: str) -> None:
    caller = service.caller(email)
    for _ in range(2):
        service.browser().post("/login", data={"email": email, "password": PASSWORD})
    page = caller.get("/api/v1/me/sessions?limit=2").json()
    rest = caller.get("/api/v1/me/sessions", params={"cursor": page["next_cursor"]}).json()
    assert (len(page["items"]), len(rest["items"]), rest["next_cursor"]) == (2, 1, None)
    for cursor in ("x", "WyJ4Il0", "WzEsMl0"):
        assert caller.get(f"/api/v1/me/sessions?cursor={cursor}").status_code == 422


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/me"),
        ("PATCH", "/api/v1/me"),
        ("PUT", "/api/v1/me/password"),
        ("GET", "/api/v1/me/sessions"),
        ("DELETE", "/api/v1/me/sessions/00000000-0000-0000-0000-000000000000"),
    ],
)
def test_routes_require_a_token(service: RunningIdentity, method: str, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."}, {"Authorization": "Basic eA=="}):
        answer = service.browser().request(method, path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_session_with_a_one_time_password_gives_no_token(service: RunningIdentity, email: str) -> None:
    browser = service.browser()
    browser.post("/register", data={"email": email})
    browser.post("/login", data={"email": email, "password": service.one_time_password(email)})
    asked = {
        "response_type": "code",
        "client_id": "tradehall-cli",
        "redirect_uri": "http://127.0.0.1:5000/callback",
        "scope": "openid",
        "code_challenge": "x" * 43,
        "code_challenge_method": "S256",
    }
    answer = browser.get("/oauth2/authorize", params=asked)
    assert answer.headers["location"].startswith("/password/new?next=%2Foauth2%2Fauthorize")


@pytest.mark.parametrize(("query", "mine_goes_on"), [("?others=true", True), ("", False)])
def test_users_revoke_all_sessions_or_all_others(
    service: RunningIdentity, email: str, query: str, mine_goes_on: bool
) -> None:
    caller = service.caller(email)
    others = [service.browser() for _ in range(2)]
    for other in others:
        other.post("/login", data={"email": email, "password": PASSWORD})
    assert caller.delete(f"/api/v1/me/sessions{query}").status_code == 204
    assert all(email not in other.get("/").text for other in others)
    assert caller.get("/api/v1/me").status_code == (200 if mine_goes_on else 401)


def test_a_session_names_its_device(service: RunningIdentity, email: str) -> None:
    caller = service.caller(email)
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
    service.browser().post("/login", data={"email": email, "password": PASSWORD}, headers={"User-Agent": agent})
    sessions = caller.get("/api/v1/me/sessions").json()["items"]
    assert [(each["device"], each["current"]) for each in sessions] == [(None, True), ("Firefox on Linux", False)]
    assert sessions[1]["user_agent"] == agent
    assert sessions[1]["address"]
