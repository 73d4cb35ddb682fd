"""Requests that are read without routing are answered as those that their route reads.

An unknown parameter leads a list to its route, a charset a command.
"""

import base64
import json
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx2
from pydantic import TypeAdapter

from contracts import identity as events
from embedded.nats import Nats
from embedded.postgres import Postgres
from embedded.signals import frozen
from kit.http.pagination import Page
from organizations.members.api_models import MemberAnswer
from organizations.organizations.api_models import OrganizationAnswer
from organizations.organizations.domain import first_organization_id
from organizations.tests.http_helpers import BASE, invite, join, make, refused
from organizations.tests.running_service import RunningOrganizations
from testing import plain_http
from testing.service import Caller
from testing.waiting import wait_until

ROUTED = "?limit=50&unknown=x"
TYPES = ("application/json", "application/json; charset=utf-8")
"""Of a body that is taken without the route, and of one that is not."""
INVITATIONS: list[object] = [
    {"email": "o'neil@example.com", "role": "viewer"},
    {"email": "%s%%@example.com", "role": None, "permissions": ["members:read", "members:read"]},
    {"email": "limited@example.com", "role": "viewer", "limits": {"platforms": [str(uuid4()).upper()]}},
    {"email": "none@example.com", "role": "viewer", "limits": None},
    {"email": "x@example.com", "role": "king"},
    {"email": "x@example.com", "role": "viewer", "permissions": "members:read"},
    {"email": "x@example.com", "role": "viewer", "permissions": ["accounts:read"]},
    {"email": "x@example.com", "role": "viewer", "limits": {"platforms": ["x"]}},
    {"email": "x@example.com", "role": "viewer", "id": str(uuid4())},
    {"email": "no'; DROP TABLE members; --", "role": "viewer"},
    {"email": "a\0b@example.com", "role": "viewer"},
    {"email": f"{'a' * 300}@example.com", "role": "viewer"},
    {"email": 5, "role": "viewer"},
    ["email"],
]
NAMES = [
    b'{"name": "\\\\\'; DROP TABLE members; --"}',
    b'{"name": "%s %(x)s %%"}',
    '{"name": "Größe \U0001f600"}'.encode(),
    b'{"name": "one", "name": "two"}',
    b'\xef\xbb\xbf{"name": "after a mark"}',
    b'{"name": "\\ud800"}',
    b'{"name": "\\u0000"}',
    b'{"name": "\xff"}',
    b'{"name": NaN}',
    b"{",
    b"",
    b'{"name": "' + b"x" * 2**20 + b'"}',
]


def answers(caller: httpx2.Client, path: str) -> tuple[httpx2.Response, httpx2.Response]:
    """Read without routing, and by the route."""
    return caller.get(path), caller.get(path + ROUTED)


def test_direct_endpoint_and_route_show_the_same_lists(running: RunningOrganizations) -> None:
    owner = running.user(name="Ann Ünal")
    path = make(owner, 'A "quoted" näme')
    running.registered(owner)
    member = join(running, owner, path)
    for caller in (owner, member):
        for what in (BASE, f"{path}/members"):
            direct, routed = answers(caller.http, what)
            assert (direct.status_code, direct.json()) == (routed.status_code, routed.json())
            assert direct.json()["items"]
            kind = MemberAnswer if what != BASE else OrganizationAnswer
            TypeAdapter(Page[kind]).validate_json(direct.text)  # type: ignore[valid-type]
            assert {**direct.headers, "x-request-id": "", "date": ""} == {
                **routed.headers,
                "x-request-id": "",
                "date": "",
            }


def test_direct_endpoint_and_route_give_the_same_cursor(running: RunningOrganizations) -> None:
    owner = running.user()
    for number in range(51):
        make(owner, f"Organization {number}")
    direct, routed = answers(owner.http, BASE)
    assert direct.json() == routed.json()
    rest = owner.get(BASE, params={"cursor": direct.json()["next_cursor"]}).json()
    assert (len(direct.json()["items"]), len(rest["items"]), rest["next_cursor"]) == (50, 2, None)


def test_pages_follow_each_other_to_the_end(running: RunningOrganizations) -> None:
    owner = running.user()
    path = make(owner, "Paged")
    joined = [owner, *(join(running, owner, path) for _ in range(2))]
    for place in (BASE, f"{path}/members"):
        seen: list[dict[str, str]] = []
        cursor: str | None = ""
        while cursor is not None:
            page = owner.get(f"{place}?limit=1{cursor}").json()
            seen += page["items"]
            cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
        assert seen == owner.get(place).json()["items"]
    assert [each["user_id"] for each in seen] == [str(member.id) for member in joined]
    later = owner.get(f"{place}?limit=2").json()["next_cursor"]
    assert owner.delete(f"{path}/members/{joined[2].id}").status_code == 204
    assert owner.get(f"{place}?cursor={later}").json() == {"items": [], "next_cursor": None}


def test_a_cursor_of_another_list_is_refused_both_ways(running: RunningOrganizations) -> None:
    owner = running.user()
    path = make(owner, "Mine")
    for place in (BASE, f"{path}/members"):
        for query in ("?cursor=WzFd", "?cursor=WzFd&unknown=x", "?cursor=x"):
            refused(owner.get(place + query), 422, "invalid")


def test_the_first_organization_is_made_by_any_first_request(running: RunningOrganizations) -> None:
    for place, status in ((f"{BASE}/{{}}/members", 200), (f"{BASE}/{{}}/invitations", 201), (BASE, 200)):
        newcomer = running.user()
        url = place.format(first_organization_id(newcomer.id))
        asked = {"email": "x@example.com", "role": "viewer"}
        answer = newcomer.post(url, json=asked) if status == 201 else newcomer.get(url)
        assert (answer.status_code, bool(answer.json())) == (status, True)
        assert len(newcomer.get(BASE).json()["items"]) == 1


def test_a_changed_permission_applies_to_the_next_request(running: RunningOrganizations) -> None:
    owner = running.user()
    path = make(owner, "Shared")
    member = join(running, owner, path)
    assert member.get(f"{path}/members").status_code == 200
    assert owner.patch(f"{path}/members/{member.id}", json={"role": None}).status_code == 200
    refused(member.get(f"{path}/members"), 403, "permission-missing")
    assert owner.delete(f"{path}/members/{member.id}").status_code == 204
    refused(member.get(f"{path}/members"), 404, "not-found")
    assert path.rpartition("/")[2] not in [each["id"] for each in member.get(BASE).json()["items"]]
    assert owner.delete(path).status_code == 204
    refused(owner.get(f"{path}/members"), 404, "not-found")


def test_a_revoked_session_is_refused(running: RunningOrganizations) -> None:
    owner = running.user()
    path = make(owner, "Mine")
    assert owner.get(f"{path}/members").status_code == owner.get(BASE).status_code == 200
    assert owner.session is not None
    running.identity.publish(events.UserSessionEnded(user_id=owner.id, session_id=owner.session), owner.id)
    wait_until(lambda: owner.get(BASE).status_code == 401)
    for query in ("", "?limit=1", ROUTED, "?deleted=true"):
        refused(owner.get(BASE + query), 401, "invalid-token")
        refused(owner.get(f"{path}/members{query}"), 401, "invalid-token")


def test_a_revoked_token_is_refused(running: RunningOrganizations) -> None:
    owner = running.user()
    path = make(owner, "Mine")
    claims = owner.http.headers["authorization"].split(".")[1]
    jti = json.loads(base64.urlsafe_b64decode(claims + "=="))["jti"]
    expires = datetime.now(UTC) + timedelta(minutes=5)
    running.identity.publish(events.TokenRevoked(jti=jti, expires_at=expires), owner.id)
    wait_until(lambda: owner.get(BASE).status_code == 401)
    refused(owner.get(f"{path}/members"), 401, "invalid-token")
    refused(owner.post(BASE, json={"name": "x"}), 401, "invalid-token")
    refused(invite(owner, path, "x@example.com"), 401, "invalid-token")


def test_non_members_clients_and_malformed_paths_are_refused(running: RunningOrganizations) -> None:
    owner, stranger = running.user(), running.user()
    path = make(owner, "Mine")
    refused(stranger.get(f"{path}/members"), 404, "not-found")
    refused(running.nobody().get(BASE), 401, "invalid-token")
    assert plain_http.get(running.base + BASE).status_code == 401
    refused(owner.get(f"{BASE}/not-an-id/members"), 404, "not-found")
    client = running.client(path.rpartition("/")[2], "platforms:read")
    refused(client.get(f"{path}/members"), 403, "permission-missing")
    assert [each["name"] for each in client.get(BASE).json()["items"]] == ["Mine"]


def test_direct_endpoint_and_route_refuse_invitations_alike(running: RunningOrganizations) -> None:
    owner, stranger, ended = running.user(), running.user(), running.user()
    path = make(owner, "Mine")
    viewer, inviter = (
        join(running, owner, path),
        join(running, owner, path, permissions=["members:write"]),
    )
    assert ended.session is not None
    running.identity.publish(events.UserSessionEnded(user_id=ended.id, session_id=ended.session), ended.id)
    wait_until(lambda: ended.get(BASE).status_code == 401)
    assert invite(owner, path, "twice@example.com").status_code == 201
    for direct in (True, False):
        for caller, email, role, status, code in (
            (running.nobody(), "a@example.com", "viewer", 401, "invalid-token"),
            (ended, "a@example.com", "viewer", 401, "invalid-token"),
            (stranger, "a@example.com", "viewer", 404, "not-found"),
            (viewer, "a@example.com", "viewer", 403, "permission-missing"),
            (inviter, "a@example.com", "administrator", 403, "grant-exceeds-own"),
            (owner, viewer.email, "viewer", 409, "already-member"),
            (owner, "twice@example.com", "viewer", 409, "already-invited"),
            (owner, "not an address", "viewer", 422, "invalid"),
        ):
            refused(_inviting(caller, path, email, role, direct=direct), status, code)
    assert owner.delete(path).status_code == 204
    for direct in (True, False):
        refused(_inviting(owner, path, "b@example.com", "viewer", direct=direct), 404, "not-found")


def _inviting(caller: Caller, path: str, email: str, role: str, *, direct: bool) -> httpx2.Response:
    kind = "application/json" if direct else "application/json; charset=utf-8"
    answer: httpx2.Response = caller.post(
        f"{path}/invitations", content=json.dumps({"email": email, "role": role}), headers={"Content-Type": kind}
    )
    return answer


def comparable(answer: httpx2.Response) -> tuple[int, object, set[str]]:
    """What direct endpoint and route must answer alike."""
    body = {name: value for name, value in answer.json().items() if name not in ("id", "created_at", "expires_at")}
    return answer.status_code, body, set(answer.headers)


def test_direct_endpoint_and_route_accept_and_refuse_the_same_bodies(running: RunningOrganizations) -> None:
    owner = running.user()
    there = [make(owner, "direct"), make(owner, "routed")]
    bodies = [(BASE, name) for name in NAMES] + [("/invitations", json.dumps(body).encode()) for body in INVITATIONS]
    for route, body in bodies:
        direct, routed = (
            owner.post(route if route == BASE else path + route, content=body, headers={"Content-Type": kind})
            for path, kind in zip(there, TYPES, strict=True)
        )
        assert comparable(direct) == comparable(routed), body[:80]
    names = [each["name"] for each in owner.get(f"{BASE}{ROUTED}").json()["items"]]
    assert names.count("\\'; DROP TABLE members; --") == 2


def test_direct_endpoint_and_route_refuse_the_same_principals(running: RunningOrganizations) -> None:
    owner, stranger, ended = running.user(), running.user(), running.user()
    path = make(owner, "Mine")
    member, lesser = join(running, owner, path), join(running, owner, path)
    assert owner.patch(f"{path}/members/{lesser.id}", json={"role": "viewer"}).status_code == 200
    assert owner.delete(f"{path}/members/{member.id}").status_code == 204
    own = make(ended, "Own")
    assert ended.session is not None
    running.identity.publish(events.UserSessionEnded(user_id=ended.id, session_id=ended.session), ended.id)
    wait_until(lambda: ended.get(BASE).status_code == 401)
    client = running.client(path.rpartition("/")[2], "platforms:write")
    for caller, place, refusal in (
        (stranger, path, (404, "not-found")),
        (member, path, (404, "not-found")),
        (lesser, path, (403, "permission-missing")),
        (client, path, (403, "permission-missing")),
        (client, "", (403, "person-needed")),
        (ended, own, (401, "invalid-token")),
        (ended, "", (401, "invalid-token")),
        (running.nobody(), "", (401, "invalid-token")),
    ):
        url = f"{place}/invitations" if place else BASE
        body = json.dumps({"email": "x@example.com", "role": None} if place else {"name": "x"}).encode()
        for kind in TYPES:
            refused(caller.post(url, content=body, headers={"Content-Type": kind}), *refusal)


def test_lists_work_again_after_a_restarted_and_a_frozen_database() -> None:
    with ExitStack() as stack:
        postgres = stack.enter_context(Postgres(fsync=False))
        nats = stack.enter_context(Nats())
        running = stack.enter_context(RunningOrganizations(postgres.create_database("hot"), nats.url))
        owner = running.user()
        make(owner, "Before")
        for _ in range(8):
            assert owner.get(BASE).status_code == 200
        postgres.stop()
        refused(owner.get(BASE), 503, "service-unavailable")
        postgres.start()
        wait_until(lambda: owner.get(BASE).status_code == 200)
        assert [owner.get(BASE).status_code for _ in range(8)] == [200] * 8
        with frozen(postgres.pid):
            started = time.monotonic()
            refused(owner.get(BASE), 503, "service-unavailable")
            assert time.monotonic() - started < 6
        wait_until(lambda: owner.get(BASE).status_code == 200)
