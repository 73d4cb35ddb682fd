"""Revocations by identity apply in all services."""

import time
from collections.abc import Callable, Iterator
from functools import partial

import httpx2
import pytest

from testing.driver import SystemDriver, UserDriver, call, client_token
from testing.waiting import wait_until

_PROMISED = 1.0  # seconds
_TIMES = 7


def services(organization: str) -> dict[str, str]:
    """A path of each service that takes tokens."""
    return {
        "identity": f"/organizations/{organization}/clients",
        "organizations": "/organizations",
        "platforms": f"/organizations/{organization}/platforms",
    }


def refusals(driver: SystemDriver, token: str, organization: str) -> set[int]:
    """What identity, organizations and platforms say to the token."""
    return {call(driver, token, "GET", path).status_code for path in services(organization).values()}


def seconds_until_refused(driver: SystemDriver, token: str, organization: str) -> dict[str, float]:
    """For each service, from now until it has refused the token for the first time."""
    began, took = time.perf_counter(), dict[str, float]()

    def all_refused() -> bool:
        for service, path in services(organization).items():
            if service not in took and call(driver, token, "GET", path).status_code == 401:
                took[service] = time.perf_counter() - began
        return len(took) == len(services(organization))

    wait_until(all_refused, what="every service refuses the token")
    return took


Ending = tuple[str, Callable[[], httpx2.Response]]
"""A token, and what ends it."""


def sessions(driver: SystemDriver, ada: UserDriver) -> Iterator[Ending]:
    """Sessions of the same person, each ended from another one."""
    while True:
        elsewhere = UserDriver(driver, ada.email, ada.password)
        elsewhere.sign_in()
        [other] = [each["id"] for each in ada.api("GET", "/me/sessions").json()["items"] if not each["current"]]
        yield elsewhere.token, partial(ada.api, "DELETE", f"/me/sessions/{other}")


def client_tokens(driver: SystemDriver, ada: UserDriver) -> Iterator[Ending]:
    """Tokens of a client, each revoked by it."""
    body = {"name": "Bridge", "scopes": ["platforms:read"]}
    client = ada.api("POST", f"/organizations/{ada.organization}/clients", json=body).json()
    credentials = (client["client_id"], client["client_secret"])
    while True:
        token = client_token(driver, *credentials).json()["access_token"]
        yield token, partial(driver.http.post, "/oauth2/revoke", data={"token": token}, auth=credentials)


@pytest.mark.parametrize("endings", [sessions, client_tokens])
def test_revoked_tokens_and_sessions_are_refused_by_each_service_within_a_second(
    driver: SystemDriver, endings: Callable[[SystemDriver, UserDriver], Iterator[Ending]]
) -> None:
    ada = driver.new_user("ada")
    ending = endings(driver, ada)
    for _ in range(_TIMES):
        token, end = next(ending)
        assert 401 not in refusals(driver, token, ada.organization)
        assert end().is_success
        took = seconds_until_refused(driver, token, ada.organization)
        assert max(took.values()) < _PROMISED, took


def test_a_revoked_token_is_refused_by_every_service(driver: SystemDriver) -> None:
    ada = driver.new_user("ada")
    body = {"name": "Bridge", "scopes": ["platforms:read"]}
    client = ada.api("POST", f"/organizations/{ada.organization}/clients", json=body).json()
    credentials = (client["client_id"], client["client_secret"])
    token, other = (client_token(driver, *credentials).json()["access_token"] for _ in range(2))
    assert refusals(driver, token, ada.organization) == {200, 403}

    assert driver.http.post("/oauth2/revoke", data={"token": token}, auth=credentials).status_code == 200

    wait_until(lambda: refusals(driver, token, ada.organization) == {401}, _PROMISED, "every service refuses the token")
    answer = driver.http.post("/oauth2/introspect", data={"token": token}, auth=credentials)
    assert answer.json() == {"active": False}
    assert refusals(driver, other, ada.organization) == {200, 403}


def test_logout_through_a_program_signs_out_everywhere(driver: SystemDriver) -> None:
    bob: UserDriver = driver.new_user("bob")
    tokens = bob.fetch_tokens()
    organization = bob.organization
    assert call(driver, tokens["access_token"], "GET", f"/organizations/{organization}/platforms").status_code == 200

    page = bob.browser.get("/oauth2/logout", params={"id_token_hint": tokens["id_token"]})

    assert "You are signed out" in page.text
    wait_until(
        lambda: refusals(driver, tokens["access_token"], organization) == {401},
        _PROMISED,
        "every service refuses the token",
    )


def test_a_session_revoked_from_another_is_refused_everywhere(driver: SystemDriver) -> None:
    ada = driver.new_user("ada")
    elsewhere = UserDriver(driver, ada.email, ada.password)
    elsewhere.sign_in()
    token, organization = elsewhere.token, ada.organization
    assert refusals(driver, token, organization) == {200}
    sessions = ada.api("GET", "/me/sessions").json()["items"]
    assert [each["current"] for each in sessions] == [True, False]

    assert ada.api("DELETE", f"/me/sessions/{sessions[1]['id']}").status_code == 204

    wait_until(lambda: refusals(driver, token, organization) == {401}, _PROMISED, "every service refuses the token")
    assert refusals(driver, ada.token, organization) == {200}
    assert "on a new device" in driver.mail(ada.email, "New sign-in").text


def test_all_other_sessions_are_revoked_together(driver: SystemDriver) -> None:
    ada = driver.new_user("ada")
    others = [UserDriver(driver, ada.email, ada.password) for _ in range(2)]
    for other in others:
        other.sign_in()
    tokens, organization = [other.token for other in others], ada.organization

    assert ada.api("DELETE", "/me/sessions?others=true").status_code == 204

    wait_until(
        lambda: {s for t in tokens for s in refusals(driver, t, organization)} == {401}, _PROMISED, "all tokens refused"
    )
    assert refusals(driver, ada.token, organization) == {200}
