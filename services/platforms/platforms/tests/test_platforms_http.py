"""The routes of platforms and credentials, on the whole service with real tokens, NATS and PostgreSQL."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from contracts import organizations
from metatrader import PasswordHash
from platforms.tests.running_service import RunningPlatforms, only
from platforms.tests.world import dump
from testing import plain_http
from testing.waiting import wait_until

PASSWORD = "S3cret-of-the-manager"
API = {"host": "127.0.0.1", "port": 1, "login": 1000, "password": PASSWORD}
DB = {"host": "127.0.0.1", "port": 1, "database": "report", "user": "reader", "password": PASSWORD}


def refused(answer: httpx2.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == code


def test_a_platform_is_added_renamed_and_removed(running: RunningPlatforms) -> None:
    person = running.member()
    created = person.post(person.platforms, json={"name": "  Live ", "kind": "mt5"})
    assert created.status_code == 201
    assert list(created.json()) == [
        "id", "name", "kind", "api", "api_credentials", "db_credentials", "status", "created_at",
    ]  # fmt: skip
    assert (created.json()["name"], created.json()["api"]) == ("Live", "none")
    assert created.json()["status"] == {"state": "unknown", "reason": None, "since": created.json()["created_at"]}
    path = created.headers["location"]
    assert person.get(path).json() == created.json()
    changed = person.patch(path, json={"name": "Demo", "api": "mt5-rest"}).json()
    assert (changed["name"], changed["api"]) == ("Demo", "mt5-rest")
    assert person.patch(path, json={}).json() == changed
    assert person.get(person.platforms).json() == {"items": [changed], "next_cursor": None}
    assert person.delete(path).status_code == 204
    for answer in (person.get(path), person.patch(path, json={"name": "x"}), person.delete(path)):
        refused(answer, 404, "not-found")
    assert person.get(person.platforms).json()["items"] == []


def test_a_list_comes_in_pages(running: RunningPlatforms) -> None:
    person = running.member()
    paths = [person.add(f"Platform {number}") for number in range(5)]
    first = person.get(f"{person.platforms}?limit=3").json()
    rest = person.get(f"{person.platforms}?limit=3&cursor={first['next_cursor']}").json()
    assert [each["id"] for each in first["items"] + rest["items"]] == [path.rpartition("/")[2] for path in paths]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "mt5"}, "name"),
        ({"name": "", "kind": "mt5"}, "name"),
        ({"name": "Live"}, "kind"),
        ({"name": "Live", "kind": "mt6"}, "kind"),
        ({"name": "Live", "kind": "mt4", "api": "mt5-webapi"}, "api"),
        ({"name": "Live", "kind": "mt5", "api": "ftp"}, "api"),
        ({"name": "Live", "kind": "mt5", "color": "red"}, "color"),
    ],
)
def test_an_invalid_value_names_its_field(running: RunningPlatforms, body: dict[str, Any], field: str) -> None:
    person = running.member()
    answer = person.post(person.platforms, json=body)
    refused(answer, 422, "invalid")
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_a_repeated_post_gives_the_first_answer_again(running: RunningPlatforms) -> None:
    person = running.member()
    key = {"Idempotency-Key": "once"}
    body = {"name": "Live", "kind": "mt5"}
    first, again = (person.post(person.platforms, json=body, headers=key) for _ in range(2))
    assert (again.status_code, again.json(), again.headers["location"]) == (
        201, first.json(), first.headers["location"],
    )  # fmt: skip
    refused(
        person.post(person.platforms, json={"name": "Other", "kind": "mt5"}, headers=key), 409, "idempotency-key-reused"
    )
    assert len(person.get(person.platforms).json()["items"]) == 1


def test_credentials_are_set_shown_without_their_password_and_removed(running: RunningPlatforms) -> None:
    person = running.member()
    path = person.add()
    answer = person.put(f"{path}/api-credentials", json=API)
    assert answer.status_code == 200, answer.text
    known = answer.json()
    assert list(known) == ["host", "port", "login", "tls", "version", "fingerprint", "options", "set_at", "set_by"]
    assert (known["host"], known["port"], known["login"], known["tls"], known["version"]) == (
        "127.0.0.1", 1, 1000, "off", 1,
    )  # fmt: skip
    assert (len(known["fingerprint"]), known["set_by"]) == (16, person.subject)
    database = person.put(f"{path}/db-credentials", json=DB).json()
    assert list(database) == [
        "host", "port", "database", "user", "tls", "version", "fingerprint", "options", "set_at", "set_by",
    ]  # fmt: skip
    assert (database["user"], database["tls"]) == ("reader", "verify")
    shown = person.get(path).json()
    assert (shown["api_credentials"], shown["db_credentials"]) == (known, database)
    assert person.put(f"{path}/api-credentials", json=API).json()["version"] == 2
    assert person.delete(f"{path}/api-credentials").status_code == 204
    refused(person.delete(f"{path}/api-credentials"), 404, "not-found")
    assert person.get(path).json()["api_credentials"] is None
    assert person.delete(f"{path}/db-credentials").status_code == 204


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"host": "https://mt.example.com"}, "host"),
        ({"host": ""}, "host"),
        ({"port": 0}, "port"),
        ({"port": 65536}, "port"),
        ({"login": "abc"}, "login"),
        ({"login": 0}, "login"),
        ({"password": ""}, "password"),
        ({"password": "x" * 257}, "password"),
        ({"password": "\0"}, "password"),
        ({"tls": "verify"}, "tls"),
        ({"tls": "on"}, "tls"),
        ({"ca_pem": "no certificate"}, "ca_pem"),
        ({"ca_pem": "kein Schlüssel"}, "ca_pem"),
        ({"secret": "x"}, "secret"),
    ],
)
def test_a_wrong_value_of_credentials_is_named_and_not_repeated(
    running: RunningPlatforms, change: dict[str, Any], field: str
) -> None:
    person = running.member()
    answer = person.put(f"{person.add()}/api-credentials", json={**API, **change})
    refused(answer, 422, "invalid")
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert PASSWORD not in answer.text


def test_credentials_for_an_api_need_an_api(running: RunningPlatforms) -> None:
    person = running.member()
    path = person.add(api="none")
    refused(person.put(f"{path}/api-credentials", json=API), 409, "api-not-chosen")
    refused(person.post(f"{path}/checks", json={"target": "api"}), 409, "api-not-chosen")
    refused(person.post(f"{path}/checks", json={"target": "db"}), 409, "no-credentials")


def test_limits_narrow_every_route_to_the_named_platforms(running: RunningPlatforms) -> None:
    owner = running.member()
    allowed, other = owner.add("Allowed"), owner.add("Other")
    for limited in (
        running.member(owner.organization, "manager", limits=only(allowed)),
        running.client(
            owner.organization, "platforms:read", "platforms:write", "credentials:write", limits=only(allowed)
        ),
    ):
        assert [each["name"] for each in limited.get(limited.platforms).json()["items"]] == ["Allowed"]
        assert limited.get(allowed).status_code == 200
        assert limited.patch(allowed, json={"name": "Allowed"}).status_code == 200
        assert limited.put(f"{allowed}/db-credentials", json=DB).status_code == 200
        assert limited.get(f"{allowed}/checks").status_code == 200
        refused(limited.post(limited.platforms, json={"name": "x", "kind": "mt5"}), 403, "limited-to-platforms")
        for answer in (
            limited.get(other),
            limited.patch(other, json={"name": "x"}),
            limited.put(f"{other}/api-credentials", json=API),
            limited.put(f"{other}/db-credentials", json=DB),
            limited.delete(f"{other}/api-credentials"),
            limited.delete(f"{other}/db-credentials"),
            limited.post(f"{other}/checks", json={"target": "api"}),
            limited.get(f"{other}/checks"),
            limited.delete(other),
        ):
            refused(answer, 404, "not-found")
    assert owner.get(other).json()["name"] == "Other"


def test_a_wider_limit_applies_immediately(running: RunningPlatforms) -> None:
    owner = running.member()
    one, two = owner.add(), owner.add()
    limited = running.member(owner.organization, "viewer", limits=only(one))
    user, organization = limited.id, owner.organization
    known = running.identity.memberships[organization, user]
    joined = organizations.MemberJoined(
        organization_id=organization, user_id=user, role="viewer", permissions=(), limits=known.limits,
        invitation_id=uuid4(), invited_by=owner.id,
    )  # fmt: skip
    running.identity.publish(joined, organization, organization)
    refused(limited.get(two), 404, "not-found")
    running.identity.memberships[organization, user] = rpc_with(known, [one, two])
    assert limited.get(two).status_code == 200  # the copy does not know it yet, its owner does


def rpc_with(known: Any, platforms: list[str]) -> Any:
    ids = [path.rpartition("/")[2] for path in platforms]
    return type(known).model_validate({**known.model_dump(), "limits": {"platforms": ids}})


def test_each_permission_opens_its_own_routes_and_no_others(running: RunningPlatforms) -> None:
    owner = running.member()
    path = owner.add()
    needed: dict[str, list[tuple[str, str, Any]]] = {
        "platforms:read": [("GET", owner.platforms, None), ("GET", path, None), ("GET", f"{path}/checks", None)],
        "platforms:write": [("PATCH", path, {"name": "Live"})],
        "credentials:write": [("PUT", f"{path}/api-credentials", API), ("DELETE", f"{path}/api-credentials", None)],
    }
    for right, routes in needed.items():
        for caller in (
            running.member(owner.organization, None, right),
            running.client(owner.organization, right),
        ):
            for method, route, body in routes:
                assert caller.request(method, route, json=body).status_code < 300
            for other, theirs in needed.items():
                for method, route, body in theirs if other != right else []:
                    refused(caller.request(method, route, json=body), 403, "permission-missing")


def test_checking_credentials_requires_write_permission(running: RunningPlatforms) -> None:
    owner = running.member()
    path = owner.add()
    viewer = running.member(owner.organization, "viewer")
    refused(viewer.post(f"{path}/checks", json={"target": "api", "credentials": API}), 403, "permission-missing")
    refused(viewer.post(f"{path}/checks", json={"target": "api"}), 409, "no-credentials")


ROUTES = [
    ("GET", "", None),
    ("POST", "", {"name": "x", "kind": "mt5"}),
    ("GET", "/{platform}", None),
    ("PATCH", "/{platform}", {"name": "x"}),
    ("DELETE", "/{platform}", None),
    ("PUT", "/{platform}/api-credentials", API),
    ("DELETE", "/{platform}/api-credentials", None),
    ("PUT", "/{platform}/db-credentials", DB),
    ("DELETE", "/{platform}/db-credentials", None),
    ("POST", "/{platform}/checks", {"target": "api"}),
    ("GET", "/{platform}/checks", None),
    ("GET", "/{platform}/credential-uses", None),
    ("GET", "/{platform}/accounts", None),
    ("GET", "/{platform}/accounts/{login}", None),
    ("GET", "/{platform}/positions", None),
    ("GET", "/{platform}/orders", None),
    ("GET", "/{platform}/deals", None),
    ("GET", "/{platform}/symbols", None),
]


def test_the_table_contains_every_route_of_an_organization(running: RunningPlatforms) -> None:
    prefix = "/api/v1/organizations/{org}/platforms"
    paths = running.app.openapi()["paths"]
    offered = {
        (method.upper(), path.removeprefix(prefix))
        for path, methods in paths.items()
        for method in methods
        if not path.startswith("/api/v1/operations/")
    }
    of_nobody = ("GET", "/api/v1/platform-connectors")  # the same for everybody who is signed in
    assert offered == {of_nobody, *((method, route) for method, route, _ in ROUTES)}


@pytest.mark.parametrize(("method", "route", "body"), [each for each in ROUTES if "{platform}" in each[1]])
def test_every_route_respects_limits(running: RunningPlatforms, method: str, route: str, body: Any) -> None:
    owner = running.member()
    allowed, other = owner.add("Allowed"), owner.add("Secret name")
    scopes = ("platforms:read", "platforms:write", "credentials:write", "accounts:read")
    for limits in (only(allowed), only()):
        for caller in (
            running.member(owner.organization, "manager", limits=limits),
            running.client(owner.organization, *scopes, limits=limits),
        ):
            url = owner.platforms + route.format(platform=other.rpartition("/")[2], login=1)
            for given in ({}, {"source": "db"}, {"source": "api"}) if route.count("/") > 1 else ({},):
                answer = caller.request(method, url, json=body, params=given)
                refused(answer, 404, "not-found")
                assert "ecret" not in answer.text
    assert owner.get(other).json()["name"] == "Secret name"


@pytest.mark.parametrize(("method", "route", "body"), ROUTES)
def test_a_route_refuses_every_foreign_token(running: RunningPlatforms, method: str, route: str, body: Any) -> None:
    owner = running.member()
    path = owner.add("Secret name")
    url = owner.platforms + route.format(platform=path.rpartition("/")[2], login=1)
    scopes = ("platforms:read", "platforms:write", "credentials:write", "accounts:read", "audit:read")
    stranger, client = running.member(), running.client(uuid4(), *scopes)
    for caller in (stranger, client):
        answer = caller.request(method, url, json=body)
        refused(answer, 404, "not-found")
        assert "ecret" not in answer.text
        if "{platform}" in route:  # not by way of an organization of one's own either
            own = caller.platforms + route.format(platform=path.rpartition("/")[2], login=1)
            refused(caller.request(method, own, json=body), 404, "not-found")
    refused(running.nobody().request(method, url, json=body), 401, "invalid-token")
    refused(plain_http.request(method, running.base + url, json=body), 401, "unauthenticated")
    assert owner.get(path).json()["name"] == "Secret name"


def test_a_deleted_organization_hides_its_platforms_until_it_is_restored(running: RunningPlatforms) -> None:
    owner = running.member()
    organization = owner.organization
    path = owner.add()
    client = running.client(organization, "platforms:read", "platforms:write", "credentials:write")
    assert client.get(path).status_code == 200
    until = datetime.now(UTC) + timedelta(days=30)
    running.identity.publish(
        organizations.OrgDeleted(organization_id=organization, restorable_until=until), organization, organization
    )
    wait_until(lambda: client.get(path).status_code == 404)
    assert client.get(client.platforms).json()["items"] == []
    refused(client.put(f"{path}/db-credentials", json=DB), 404, "not-found")
    refused(client.post(client.platforms, json={"name": "x", "kind": "mt5"}), 404, "not-found")
    running.identity.publish(organizations.OrgRestored(organization_id=organization), organization, organization)
    wait_until(lambda: client.get(path).status_code == 200)


def test_events_are_published_without_a_secret(running: RunningPlatforms) -> None:
    person = running.member()
    path = person.add()
    person.put(f"{path}/api-credentials", json=API, headers={"X-Request-Id": "request-of-ada"})
    identifier = path.rpartition("/")[2]
    messages = running.identity.messages("PLATFORMS", f"evt.platforms.{person.organization}.{identifier}.>", 3)
    published = [json.loads(message) for message in messages]
    assert [each["type"].split(".")[2] for each in published] == [
        "PlatformAdded", "PlatformCredentialsSet", "PlatformStatusChanged",
    ]  # fmt: skip
    assert (published[1]["actor"], published[1]["correlationid"]) == (person.subject, "request-of-ada")
    assert published[1]["data"]["fingerprint"] == person.get(path).json()["api_credentials"]["fingerprint"]
    assert (published[2]["data"]["to"], published[2]["data"]["reason"]) == ("lost", "port-closed")
    assert all(PASSWORD.encode() not in message for message in messages)


def test_the_password_is_in_no_answer_no_log_and_no_table(running: RunningPlatforms) -> None:
    person = running.member()
    path = person.add()
    person.put(f"{path}/api-credentials", json=API)
    person.put(f"{path}/db-credentials", json=DB)
    person.put(f"{path}/db-credentials", json={**DB, "password": [PASSWORD]})
    person.put(f"{path}/db-credentials", json={**DB, "tls": PASSWORD})
    person.post(f"{path}/checks", json={"target": "api", "credentials": API})
    person.post(f"{path}/checks", json={"target": "db", "credentials": {**DB, "tls": "off"}})
    person.put(f"{path}/db-credentials", content=f'{{"password": "{PASSWORD}", '.encode())
    person.get(path)
    person.get(f"{path}/checks")
    wait_until(lambda: len(person.get(f"{path}/checks").json()["items"]) == 4)
    assert len(person.answers) >= 10
    assert not [answer for answer in person.answers if PASSWORD in answer]
    assert "PLATFORMS" in running.logs  # the search finds what is there
    assert PASSWORD not in running.logs
    dumped = dump(running.dsn)
    assert b"port-closed" in dumped
    derived = PasswordHash.derive(PASSWORD).raw
    assert not [form for form in (PASSWORD.encode(), derived, derived.hex().encode()) if form in dumped]
