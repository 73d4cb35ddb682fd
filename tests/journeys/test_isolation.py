"""Tenant isolation: every route of the OpenAPI document refuses principals of another organization."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from testing.driver import SystemDriver, UserDriver, address, call, client_token
from testing.waiting import wait_until

PUBLIC = {
    ("post", "/api/v1/registrations"),
    ("post", "/api/v1/password-resets"),
    ("get", "/api/v1/invitations/{token}"),
}
"""What needs no token."""


class Two:
    """Ada's organization with something of every kind in it, and strangers: Bob, and Bob's program."""

    def __init__(self, driver: SystemDriver) -> None:
        self.driver = driver
        self.ada, self.bob = driver.new_user("ada"), driver.new_user("bob")
        self.org = self.ada.organization
        self.client = self._client(self.ada, self.org)
        invited = {"email": address("guest"), "role": "viewer"}
        invitation = self.ada.api("POST", f"/organizations/{self.org}/invitations", json=invited).json()
        added = {"name": "Live", "kind": "mt5", "api": "mt5-webapi"}
        platform = self.ada.api("POST", f"/organizations/{self.org}/platforms", json=added).json()
        shown = self.ada.api("GET", f"/organizations/{self.org}/clients/{self.client['id']}").json()
        self.values = {
            "org": self.org,
            "user": self.ada.id,
            "secret": shown["secrets"][0]["id"],
            "client": self.client["id"],
            "invitation": invitation["id"],
            "platform": platform["id"],
        }
        bobs = self._client(self.bob, self.bob.organization)
        token = client_token(driver, bobs["client_id"], bobs["client_secret"]).json()["access_token"]
        self.strangers = {"a person": self.bob.token, "a program": token}

    def limited_member(self, limits: dict[str, Any]) -> UserDriver:
        """Somebody who may read everything within these limits."""
        person = self.driver.new_user("cyd")
        offer = {"email": person.email, "role": "viewer", "permissions": ["audit:read"], "limits": limits}
        assert self.ada.api("POST", f"/organizations/{self.org}/invitations", json=offer).status_code == 201
        token = self.driver.mail(person.email, "invit").link("/invitations/").rpartition("/")[2]
        assert person.api("POST", f"/invitations/{token}/accept").status_code == 200
        return person

    def limited_token(self, limits: dict[str, Any]) -> str:
        """Of a program of Ada's organization with every scope, within these limits."""
        client = self._client(self.ada, self.org, limits=limits)
        return str(client_token(self.driver, client["client_id"], client["client_secret"]).json()["access_token"])

    def _client(self, person: UserDriver, org: str, **given: Any) -> Any:
        scopes = ["platforms:read", "platforms:write", "credentials:write", "events:read", "audit:read"]
        made = person.api("POST", f"/organizations/{org}/clients", json={"name": "robot", "scopes": scopes, **given})
        assert made.status_code == 201, made.text
        return made.json()

    def routes(self) -> Iterator[tuple[str, str]]:
        document = self.driver.http.get("/openapi.json").json()
        for path, item in document["paths"].items():
            for method in item:
                if method in ("get", "post", "put", "patch", "delete"):
                    yield method, path

    def path(self, template: str) -> str:
        """The address of Ada's own thing: the last part before each placeholder says of which kind it is."""
        parts = template.removeprefix("/api/v1").split("/")
        for number, part in enumerate(parts):
            if part.startswith("{"):
                parts[number] = self._value(part.strip("{}"), parts[number - 1])
        return "/".join(parts)

    def _value(self, name: str, collection: str) -> str:
        kinds = {"clients": "client", "invitations": "invitation", "members": "user", "secrets": "secret"}
        return str(self.values.get(name) or self.values.get(kinds.get(collection, ""), uuid4()))

    def state(self) -> str:
        """All that Ada sees of her organization."""
        paths = ("", "/members", "/invitations", "/clients", "/platforms", "/audit")
        return json.dumps([self.ada.api("GET", f"/organizations/{self.org}{path}").json() for path in paths])


@pytest.fixture(scope="module")
def two(driver: SystemDriver) -> Two:
    return Two(driver)


def test_every_route_of_an_organization_is_404_for_strangers_and_changes_nothing(two: Two) -> None:
    before, asked = two.state(), 0
    for method, template in two.routes():
        if "{org}" not in template:
            continue
        for who, token in two.strangers.items():
            answer = call(two.driver, token, method.upper(), two.path(template), json={} if method != "get" else None)
            asked += 1
            # What is for people alone is refused to every program alike, whichever organization it names.
            expected = {(404, "not-found"), (403, "person-needed")} if who == "a program" else {(404, "not-found")}
            assert (answer.status_code, answer.json()["code"]) in expected, f"{method} {template} by {who}"
    assert asked >= 30
    assert two.state() == before


def test_every_route_but_the_public_ones_needs_a_token(two: Two) -> None:
    before = two.state()
    for method, template in two.routes():
        if (method, template) in PUBLIC or not template.startswith("/api/"):
            continue
        body: dict[str, str] | None = None if method == "get" else {}
        for token in (None, "rubbish", two.ada.token[:-4] + "AAAA"):
            answer = call(two.driver, token, method.upper(), two.path(template), json=body)
            assert answer.status_code == 401, f"{method} {template}: {answer.status_code} {answer.text}"
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert answer.headers["content-type"] == "application/problem+json"
    assert two.state() == before


def test_lists_show_nothing_of_other_organizations(two: Two) -> None:
    mine = two.bob.api("GET", "/organizations").json()["items"]
    assert two.org not in [one["id"] for one in mine]
    for path in ("/organizations?deleted=true", "/me", "/me/sessions"):
        assert two.org not in two.bob.api("GET", path).text


def test_no_read_shows_platforms_beyond_the_limits(two: Two) -> None:
    added = {"name": "Hidden from some", "kind": "mt5", "api": "mt5-webapi"}
    hidden = two.ada.api("POST", f"/organizations/{two.org}/platforms", json=added).json()
    limits = {"platforms": [two.values["platform"]]}
    readers = {"a person": two.limited_member(limits).token, "a program": two.limited_token(limits)}
    events = f"/organizations/{two.org}/events?limit=200"
    wait_until(lambda: hidden["id"] in two.ada.api("GET", f"/organizations/{two.org}/audit").text)
    wait_until(lambda: hidden["id"] in call(two.driver, two.limited_token({"platforms": None}), "GET", events).text)
    read = []
    for method, template in two.routes():
        if method != "get" or "{org}" not in template:
            continue
        for who, token in readers.items():
            for accept in ("application/json", "text/csv"):
                answer = call(two.driver, token, "GET", two.path(template), headers={"Accept": accept})
                assert hidden["id"] not in answer.text, f"{template} by {who}"
                assert added["name"] not in answer.text, f"{template} by {who}"
                read += [template] if answer.is_success else []
    assert {template.rpartition("/")[2] for template in read} >= {"audit", "events", "platforms", "members", "clients"}


def test_a_client_without_a_scope_is_refused_in_its_own_organization(two: Two) -> None:
    token = client_token(two.driver, two.client["client_id"], two.client["client_secret"], "platforms:read").json()
    for path in ("/members", "/invitations", "/clients", "/audit", "/events"):
        answer = call(two.driver, token["access_token"], "GET", f"/organizations/{two.org}{path}")
        assert (answer.status_code, answer.json()["code"]) == (403, "permission-missing"), path
    assert call(two.driver, token["access_token"], "GET", "/me").json()["code"] == "person-needed"
