"""No route gives anything of an organization to a caller of another one, or to none."""

import pytest

from organizations.tests.http_helpers import BASE, invite, join, make, refused
from organizations.tests.running_service import RunningOrganizations
from testing import plain_http

ROUTES = [
    ("GET", ""),
    ("PATCH", ""),
    ("DELETE", ""),
    ("POST", "/restore"),
    ("GET", "/members"),
    ("PATCH", "/members/{member}"),
    ("DELETE", "/members/{member}"),
    ("DELETE", "/members/me"),
    ("GET", "/invitations"),
    ("POST", "/invitations"),
    ("POST", "/invitations/{invitation}/resend"),
    ("DELETE", "/invitations/{invitation}"),
    ("GET", "/audit"),
    ("GET", "/events"),
]
BODIES = {"/invitations": {"email": "x@example.com", "role": "viewer"}, "": {"name": "Taken"}}


def test_the_table_contains_every_route_of_an_organization(running: RunningOrganizations) -> None:
    paths = running.app.openapi()["paths"]
    offered = {
        (method.upper(), path.removeprefix(f"{BASE}/{{org}}"))
        for path, methods in paths.items()
        for method in methods
        if path.startswith(f"{BASE}/{{org}}")
    }
    parameters = {"{member}": "{user}", "/members/me": "/members/{user}", "{invitation}": "{id}"}

    def generic(route: str) -> str:
        for written, parameter in parameters.items():
            route = route.replace(written, parameter)
        return route

    named = {(method, generic(route)) for method, route in ROUTES}
    assert offered == named


@pytest.fixture(scope="module")
def theirs(running: RunningOrganizations) -> dict[str, str]:
    """An organization of somebody else, with a member and an invitation."""
    owner = running.user()
    path = make(owner, "Secret name")
    member = join(running, owner, path)
    invitation = invite(owner, path, "secret@example.com").json()["id"]
    return {"path": path, "member": str(member.id), "invitation": invitation, "owner": str(owner.id)}


@pytest.mark.parametrize(("method", "route"), ROUTES)
def test_a_route_refuses_every_foreign_token(
    running: RunningOrganizations, theirs: dict[str, str], method: str, route: str
) -> None:
    stranger = running.user()
    own = make(stranger, "Own")
    client = running.client(own.rpartition("/")[2], "events:read", "audit:read", "platforms:write")
    url = theirs["path"] + route.format(**theirs)
    body = BODIES.get(route, {}) if method in ("POST", "PATCH") else None
    for caller in (stranger, client):
        answer = caller.request(method, url, json=body)
        assert answer.status_code == (403 if caller is client and route == "/restore" else 404), answer.text
        assert "ecret" not in answer.text
    refused(running.nobody().request(method, url, json=body), 401, "invalid-token")
    bare = plain_http.request(method, running.base + url, json=body)
    refused(bare, 401, "unauthenticated")
    assert bare.headers["www-authenticate"].startswith("Bearer")
    # Not by way of an organization of one's own either.
    if "{" in route:
        answer = stranger.request(method, own + route.format(**theirs), json=body)
        refused(answer, 404, "not-found")


def test_refused_requests_change_nothing(running: RunningOrganizations, theirs: dict[str, str]) -> None:
    owner_sees = running.store_rows(theirs["path"].rpartition("/")[2])
    assert owner_sees == {"name": "Secret name", "members": 2, "pending": 1}


def test_a_client_sees_its_own_organization_and_nothing_of_its_members(running: RunningOrganizations) -> None:
    owner = running.user()
    path = make(owner)
    client = running.client(path.rpartition("/")[2], "platforms:read")
    (seen,) = client.get(BASE).json()["items"]
    assert (seen["id"], seen["role"], seen["permissions"]) == (path.rpartition("/")[2], None, ["platforms:read"])
    assert client.get(path).json() == seen
    assert client.get(f"{BASE}?deleted=true").json()["items"] == []
    refused(client.post(BASE, json={"name": "x"}), 403, "person-needed")
    for answer in (
        client.get(f"{path}/members"),
        client.get(f"{path}/invitations"),
        client.get(f"{path}/audit"),
        client.get(f"{path}/events"),
        client.patch(path, json={"name": "x"}),
    ):
        refused(answer, 403, "permission-missing")
    refused(client.delete(f"{path}/members/{owner.id}"), 403, "person-needed")


def test_a_client_of_a_deleted_organization_sees_nothing(running: RunningOrganizations) -> None:
    owner = running.user()
    path = make(owner)
    client = running.client(path.rpartition("/")[2], "audit:read", "events:read")
    owner.delete(path)
    assert client.get(BASE).json()["items"] == []
    for route in ("", "/audit", "/events"):
        refused(client.get(path + route), 404, "not-found")
