"""The routes of clients: what they answer, whom they refuse, and that organizations cannot touch each other's."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.permissions import Grant, Limits, Role
from identity.oauth.tests.provider import Provider, UserAccount


@pytest.fixture
def organization() -> UUID:
    return uuid4()


@pytest.fixture
def ada(provider: Provider, organization: UUID) -> UserAccount:
    return provider.member(organization)


class Api:
    """The client routes of one organization, called by one person."""

    def __init__(self, provider: Provider, organization: UUID, person: UserAccount) -> None:
        self.path = f"/api/v1/organizations/{organization}/clients"
        self._http = provider.http
        self._bearer = person.bearer

    def __call__(self, method: str, path: str = "", json: Any = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._http.request(method, self.path + path, json=json, headers={**self._bearer, **named})

    def create(self, **body: Any) -> dict[str, Any]:
        answer = self("POST", json={"name": "Risk engine", "scopes": ["events:read"], **body})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())


@pytest.fixture
def api(provider: Provider, organization: UUID, ada: UserAccount) -> Api:
    return Api(provider, organization, ada)


def test_a_new_clients_secret_is_shown_once(provider: Provider, api: Api) -> None:
    answer = api("POST", json={"name": " Risk engine ", "scopes": ["events:read", "audit:read"]})

    body = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{api.path}/{body['id']}"
    assert list(body) == ["id", "client_id", "client_secret", "name", "scopes", "limits", "secrets", "created_at"]
    assert body["client_id"].startswith("thc_")
    assert (body["name"], body["scopes"]) == ("Risk engine", ["audit:read", "events:read"])
    assert body["limits"] == {"platforms": None}
    assert [(s["name"], s["expires_at"]) for s in body["secrets"]] == [("first", None)]
    secret = body.pop("client_secret")
    assert api("GET", f"/{body['id']}").json() == body
    assert api("GET").json() == {"items": [body], "next_cursor": None}
    assert secret not in str(provider.parts.database.all("SELECT e::text AS row FROM events e"))


def test_a_change_keeps_fields_that_are_left_out(api: Api) -> None:
    client = api.create()
    platform = str(uuid4())

    renamed = api("PATCH", f"/{client['id']}", {"name": "Bridge"}).json()
    assert (renamed["name"], renamed["scopes"]) == ("Bridge", ["events:read"])
    limited = api("PATCH", f"/{client['id']}", {"limits": {"platforms": [platform]}}).json()
    assert (limited["name"], limited["scopes"], limited["limits"]) == (
        "Bridge",
        ["events:read"],
        {"platforms": [platform]},
    )
    assert api("PATCH", f"/{client['id']}", {"scopes": []}).json()["scopes"] == []
    assert api("PATCH", f"/{client['id']}", {}).json()["limits"] == {"platforms": [platform]}


def test_scopes_count_for_the_next_token_at_once(provider: Provider, api: Api) -> None:
    client = api.create()
    assert provider.client_token(client).json()["scope"] == "events:read"

    api("PATCH", f"/{client['id']}", {"scopes": ["audit:read"]})

    assert provider.client_token(client).json()["scope"] == "audit:read"


def test_a_removed_client_is_gone_with_its_secrets_and_tokens(provider: Provider, api: Api) -> None:
    client = api.create()
    bearer = {"Authorization": f"Bearer {provider.client_token(client).json()['access_token']}"}

    assert api("DELETE", f"/{client['id']}").status_code == 204

    assert provider.client_token(client).status_code == 401
    assert provider.http.get(api.path, headers=bearer).json()["code"] == "invalid-token"
    for method, body in (("GET", None), ("PATCH", {"name": "x"}), ("DELETE", None)):
        assert api(method, f"/{client['id']}", body).json()["code"] == "unknown-client"
    assert api("GET").json()["items"] == []


def test_secrets_overlap_until_one_is_revoked(provider: Provider, api: Api) -> None:
    client = api.create()
    expires_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=90)

    answer = api("POST", f"/{client['id']}/secrets", {"name": "2027", "expires_at": expires_at.isoformat()})

    assert answer.status_code == 201
    assert list(answer.json()) == ["id", "client_secret"]
    second = answer.json()
    assert answer.headers["location"] == f"{api.path}/{client['id']}/secrets/{second['id']}"
    listed = api("GET", f"/{client['id']}").json()["secrets"]
    assert [secret["expires_at"] for secret in listed] == [None, expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")]
    assert provider.client_token(client).status_code == 200
    assert provider.client_token({**client, "client_secret": second["client_secret"]}).status_code == 200

    first = client["secrets"][0]["id"]
    assert api("DELETE", f"/{client['id']}/secrets/{first}").status_code == 204

    assert provider.client_token(client).status_code == 401
    assert provider.client_token({**client, "client_secret": second["client_secret"]}).status_code == 200
    assert api("DELETE", f"/{client['id']}/secrets/{first}").json()["code"] == "unknown-secret"


def test_the_eleventh_secret_is_409(api: Api) -> None:
    client = api.create()
    for number in range(9):
        assert api("POST", f"/{client['id']}/secrets", {"name": f"{number}"}).status_code == 201

    refused = api("POST", f"/{client['id']}/secrets", {"name": "one more"})

    assert (refused.status_code, refused.json()["code"]) == (409, "too-many-secrets")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scopes": []}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\r\nBcc: b"}, "name"),
        ({"name": "a\x00"}, "name"),
        ({"name": 5}, "name"),
        ({"name": "x", "scopes": ["everything"]}, "scopes.0"),
        ({"name": "x", "scopes": "events:read"}, "scopes"),
        ({"name": "x", "scopes": ["events:read"] * 51}, "scopes"),
        ({"name": "x", "limits": {"platforms": ["x"]}}, "limits.platforms.0"),
        ({"name": "x", "limits": {"platfroms": []}}, "limits.platfroms"),
        ({"name": "x", "limits": None}, "limits"),
        ({"name": "x", "colour": "red"}, "colour"),
    ],
)
def test_an_invalid_value_is_422_and_names_the_field(api: Api, body: dict[str, Any], field: str) -> None:
    answer = api("POST", json=body)

    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert api("GET").json()["items"] == []


@pytest.mark.parametrize("expires_at", ["2020-01-01T00:00:00Z", "2030-01-01", "9999-12-31T23:59:59-14:00", 5.5, "soon"])
def test_an_invalid_expiry_is_422(api: Api, expires_at: Any) -> None:
    client = api.create()

    answer = api("POST", f"/{client['id']}/secrets", {"name": "x", "expires_at": expires_at})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "expires_at"


def test_an_unknown_id_is_404(api: Api) -> None:
    assert api("GET", "/not-an-id").status_code == 404
    assert api("GET", f"/{uuid4()}").status_code == 404
    assert api("POST", f"/{uuid4()}/secrets", {"name": "x"}).status_code == 404


def test_pages_follow_each_other_without_a_gap(api: Api) -> None:
    made = [api.create(name=f"client {number}")["id"] for number in range(5)]
    seen: list[str] = []
    query = "?limit=2"
    while True:
        page = api("GET", query).json()
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query = f"?limit=2&cursor={page['next_cursor']}"

    assert seen == made
    for wrong in ("?limit=0", "?limit=201", "?cursor=x", "?cursor=WzEsMl0", "?cursor=WyJhIiwiYiJd"):
        assert api("GET", wrong).status_code == 422


def test_a_repeated_post_repeats_the_first_answer(provider: Provider, api: Api) -> None:
    body = {"name": "Once", "scopes": []}
    first, again = (api("POST", json=body, Idempotency_Key="key-1") for _ in range(2))
    other = api("POST", json={"name": "Other"}, Idempotency_Key="key-1")

    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert again.headers["location"] == first.headers["location"]
    assert (other.status_code, other.json()["code"]) == (409, "idempotency-key-reused")
    assert len(api("GET").json()["items"]) == 1
    path = f"/{first.json()['id']}/secrets"
    one, same = (api("POST", path, {"name": "s"}, Idempotency_Key="key-1").json() for _ in range(2))
    assert one == same
    stored = str([bytes(row["answer"]) for row in provider.parts.database.all("SELECT answer FROM idempotency")])
    assert first.json()["client_secret"] not in stored


def test_granting_requires_the_permissions_granted(provider: Provider, organization: UUID, api: Api) -> None:
    manager = Api(provider, organization, provider.member(organization, Grant(role=Role.MANAGER)))
    strong = api.create(scopes=["audit:read"])

    for scope in ("audit:read", "events:read", "accounts:read-personal"):
        refused = manager("POST", json={"name": "x", "scopes": [scope]})
        assert (refused.status_code, refused.json()["code"]) == (403, "grant-exceeds-own")
    weak = manager.create(scopes=["platforms:write", "accounts:read", "credentials:write"])
    assert manager("PATCH", f"/{weak['id']}", {"scopes": ["audit:read"]}).status_code == 403
    assert manager("PATCH", f"/{strong['id']}", {"scopes": ["audit:read"], "name": "y"}).status_code == 200
    # A secret would let them act as the client.
    assert manager("POST", f"/{strong['id']}/secrets", {"name": "x"}).status_code == 403
    assert manager("POST", f"/{weak['id']}/secrets", {"name": "x"}).status_code == 201


def test_limits_stay_within_those_of_the_granter(provider: Provider, organization: UUID) -> None:
    mine, others = uuid4(), uuid4()
    grant = Grant(role=Role.ADMINISTRATOR, limits=Limits(platforms=(mine,)))
    limited = Api(provider, organization, provider.member(organization, grant))

    assert limited("POST", json={"name": "x", "limits": {"platforms": [str(others)]}}).status_code == 403
    assert limited("POST", json={"name": "x"}).status_code == 403
    client = limited.create(limits={"platforms": [str(mine)]})
    assert limited("PATCH", f"/{client['id']}", {"limits": {"platforms": None}}).status_code == 403


def test_a_reader_changes_nothing(provider: Provider, organization: UUID, api: Api) -> None:
    client = api.create()
    viewer = Api(provider, organization, provider.member(organization, Grant(role=Role.VIEWER)))

    assert viewer("GET").status_code == viewer("GET", f"/{client['id']}").status_code == 200
    for method, path, body in writes(client):
        assert viewer(method, path, body).json()["code"] == "permission-missing"


def test_organizations_cannot_touch_each_others_clients(provider: Provider, api: Api) -> None:
    theirs = api.create()
    organization = uuid4()
    mine = Api(provider, organization, provider.member(organization))
    intruder = Api(provider, UUID(api.path.split("/")[4]), provider.member(organization))

    for method, path, body in [("GET", f"/{theirs['id']}", None), *writes(theirs)]:
        if path:
            assert mine(method, path, body).status_code == 404
        assert intruder(method, path, body).status_code == 404
    assert mine("GET").json()["items"] == []
    assert intruder("GET").status_code == 404
    assert api("GET", f"/{theirs['id']}").json()["secrets"] == theirs["secrets"]


def test_a_client_cannot_manage_clients(provider: Provider, api: Api) -> None:
    client = api.create(scopes=["platforms:read", "credentials:write"])
    bearer = {"Authorization": f"Bearer {provider.client_token(client).json()['access_token']}"}

    assert provider.http.get(api.path, headers=bearer).status_code == 403
    assert provider.http.post(api.path, json={"name": "x"}, headers=bearer).status_code == 403
    assert provider.http.get(f"/api/v1/organizations/{uuid4()}/clients", headers=bearer).status_code == 404


def test_requests_without_a_token_are_refused(provider: Provider, api: Api) -> None:
    for method, path, body in [("GET", "", None), *writes(api.create())]:
        answer = provider.http.request(method, api.path + path, json=body)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def writes(client: dict[str, Any]) -> list[tuple[str, str, Any]]:
    one = f"/{client['id']}"
    return [
        ("POST", "", {"name": "x"}),
        ("PATCH", one, {"name": "y"}),
        ("POST", f"{one}/secrets", {"name": "x"}),
        ("DELETE", f"{one}/secrets/{client['secrets'][0]['id']}", None),
        ("DELETE", one, None),
    ]
