"""The routes of organizations, on the whole service with real tokens, NATS and PostgreSQL."""

from functools import partial
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from contracts.permissions import Permission
from organizations.organizations.domain import first_organization_id
from organizations.tests.http_helpers import BASE, invite, make, refused
from organizations.tests.running_service import RunningOrganizations
from organizations.tests.world import at_once
from testing.waiting import wait_until


def test_a_new_user_finds_a_first_organization(running: RunningOrganizations) -> None:
    person = running.user()
    page = person.get(BASE).json()
    assert page["next_cursor"] is None
    (organization,) = page["items"]
    assert list(organization) == ["id", "name", "role", "permissions", "created_at"]
    assert organization["id"] == str(first_organization_id(person.id))
    assert (organization["name"], organization["role"]) == ("My organization", "administrator")
    assert organization["permissions"] == list(Permission)
    assert person.get(BASE).json()["items"] == [organization]


def test_any_route_of_the_first_organization_creates_it(running: RunningOrganizations) -> None:
    person = running.user()
    path = f"{BASE}/{first_organization_id(person.id)}"
    assert [member["user_id"] for member in person.get(f"{path}/members").json()["items"]] == [str(person.id)]


def test_the_event_and_concurrent_first_requests_create_one_organization(running: RunningOrganizations) -> None:
    person = running.user()
    requests = [lambda: person.get(BASE).json()["items"]] * 8
    answers = at_once([*requests, lambda: running.registered(person)])[:-1]
    assert {repr(answer) for answer in answers} == {repr(answers[0])}
    path = f"{BASE}/{first_organization_id(person.id)}"
    wait_until(lambda: person.get(f"{path}/members").json()["items"][0]["email"] == person.email)
    assert len(person.get(BASE).json()["items"]) == 1
    created = person.get(f"{path}/audit?type=OrgCreated").json()["items"]
    assert [entry["actor"] for entry in created] == [str(person.id)]


def test_an_organization_is_created_renamed_deleted_and_restored(running: RunningOrganizations) -> None:
    person = running.user()
    created = person.post(BASE, json={"name": "  Brokers  "})
    assert (created.status_code, created.json()["name"]) == (201, "Brokers")
    path = created.headers["location"]
    assert person.get(path).json() == created.json()
    assert person.patch(path, json={"name": "Better"}).json()["name"] == "Better"
    assert person.patch(path, json={}).json()["name"] == "Better"
    assert person.delete(path).status_code == 204
    for answer in (person.get(path), person.patch(path, json={"name": "x"}), person.delete(path)):
        refused(answer, 404, "not-found")
    for route in ("members", "invitations", "audit"):
        refused(person.get(f"{path}/{route}"), 404, "not-found")
    refused(invite(person, path, "ann@example.com"), 404, "not-found")
    assert created.json()["id"] not in [each["id"] for each in person.get(BASE).json()["items"]]
    deleted = person.get(f"{BASE}?deleted=true").json()["items"]
    assert [each["id"] for each in deleted] == [created.json()["id"]]
    restored = person.post(f"{path}/restore")
    assert (restored.status_code, restored.json()["name"]) == (200, "Better")
    assert person.post(f"{path}/restore").status_code == 200
    assert person.get(f"{BASE}?deleted=true").json()["items"] == []


def test_a_repeated_post_gives_the_first_answer_again(running: RunningOrganizations) -> None:
    person, other = running.user(), running.user()
    key = {"Idempotency-Key": "once"}
    first = person.post(BASE, json={"name": "Brokers"}, headers=key)
    again = person.post(BASE, json={"name": "Brokers"}, headers=key)
    assert (again.status_code, again.json(), again.headers["location"]) == (
        201,
        first.json(),
        first.headers["location"],
    )
    refused(person.post(BASE, json={"name": "Others"}, headers=key), 409, "idempotency-key-reused")
    assert other.post(BASE, json={"name": "Brokers"}, headers=key).json()["id"] != first.json()["id"]
    path = first.headers["location"]
    body = {"email": "ann@example.com", "role": None}
    invitations = [person.post(f"{path}/invitations", json=body, headers=key).json() for _ in range(2)]
    assert invitations[0] == invitations[1]
    answers = at_once([lambda: person.post(BASE, json={"name": "x"}, headers={"Idempotency-Key": "race"})] * 6)
    assert len({answer.json()["id"] for answer in answers if isinstance(answer, httpx2.Response)}) == 1


def test_an_invitation_that_is_sent_twice_at_once_under_one_key_gives_one_answer(running: RunningOrganizations) -> None:
    person = running.user()
    path = make(person, "Brokers")
    for number in range(8):
        body, key = {"email": f"ann{number}@example.com", "role": None}, {"Idempotency-Key": f"race-{number}"}
        answers = at_once([partial(person.post, f"{path}/invitations", json=body, headers=key)] * 4)
        told = {(answer.status_code, answer.text) for answer in answers if isinstance(answer, httpx2.Response)}
        assert [status for status, _ in told] == [201], told


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "a" * 101}, "name"),
        ({"name": None}, "name"),
        ({"name": 7}, "name"),
        ({"name": ["a"]}, "name"),
        ({"name": "a\r\nBcc: all@example.com"}, "name"),
        ({"name": "a\tb"}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "a\u2028b"}, "name"),
        ({"name": "\u202egnihtemos"}, "name"),
        ({"name": "a", "owner": str(uuid4())}, "owner"),
    ],
)
def test_an_invalid_name_is_refused_and_nothing_stored(
    running: RunningOrganizations, body: dict[str, Any], field: str
) -> None:
    person = running.user()
    path = f"{BASE}/{first_organization_id(person.id)}"
    for answer in (person.post(BASE, json=body), *([person.patch(path, json=body)] if body else [])):
        refused(answer, 422, "invalid")
        assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert [each["name"] for each in person.get(BASE).json()["items"]] == ["My organization"]


@pytest.mark.parametrize("name", ["a" * 100, "é" * 100, "株式会社", "x", "=cmd()", "Müller & Söhne"])
def test_names_of_one_to_a_hundred_characters_are_accepted(running: RunningOrganizations, name: str) -> None:
    assert running.user().post(BASE, json={"name": name}).json()["name"] == name


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"{", 400, "malformed-body"),
        (b'{"name": "\xff\xfe"}', 400, "malformed-request"),
        (b"[]", 422, "invalid"),
        (b'{"name": "' + b"a" * 2_000_000 + b'"}', 413, "body-too-large"),
        (b'{"name": "\\ud800"}', 422, "invalid"),
    ],
)
def test_a_malformed_body_is_refused(running: RunningOrganizations, content: bytes, status: int, code: str) -> None:
    person = running.user()
    answer = person.post(BASE, content=content, headers={"Content-Type": "application/json"})
    refused(answer, status, code)


def test_lists_give_pages(running: RunningOrganizations) -> None:
    person = running.user()
    assert len(person.get(BASE).json()["items"]) == 1
    for number in range(4):
        make(person, f"Brokers {number}")
    first = person.get(f"{BASE}?limit=3").json()
    second = person.get(f"{BASE}?limit=3&cursor={first['next_cursor']}").json()
    names = [each["name"] for each in first["items"] + second["items"]]
    assert names == ["My organization", *(f"Brokers {number}" for number in range(4))]
    assert second["next_cursor"] is None
    for wrong in ("x", "WyJhIiwiYiJd", "WzEsMl0", first["next_cursor"][:-4]):
        refused(person.get(f"{BASE}?cursor={wrong}"), 422, "invalid")
    for wrong in ("0", "201", "x"):
        refused(person.get(f"{BASE}?limit={wrong}"), 422, "invalid")
