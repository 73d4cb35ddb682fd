"""Introspection (RFC 7662) and revocation (RFC 7009): visible tokens, and when they become inactive."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx2
import pytest
from psycopg import OperationalError

from access.replicas import MembershipReplica
from contracts import organizations
from contracts.envelope import Envelope
from identity.oauth.tests.provider import ISSUER, PORTAL_SECRET, VERIFIER, Provider, UserAccount, basic

PORTAL = basic("tradehall-portal", quote(PORTAL_SECRET, safe=""))
INACTIVE = {"active": False}


def introspect(provider: Provider, client: Any, token: str, **form: str) -> httpx2.Response:
    headers = client if "Authorization" in client else basic(client["client_id"], client["client_secret"])
    answer: httpx2.Response = provider.http.post("/oauth2/introspect", data={"token": token, **form}, headers=headers)
    return answer


def revoke(provider: Provider, token: str, headers: dict[str, str] | None = None, **form: str) -> httpx2.Response:
    known = {} if headers else {"client_id": "tradehall-cli"}
    answer: httpx2.Response = provider.http.post(
        "/oauth2/revoke", data={"token": token, **known, **form}, headers=headers
    )
    return answer


def access_token(provider: Provider, client: dict[str, Any]) -> str:
    return str(provider.client_token(client).json()["access_token"])


def second_client(provider: Provider, client: dict[str, Any], *scopes: str) -> dict[str, Any]:
    """Another client of the same organization."""
    path = f"/api/v1/organizations/{client['organization']}/clients"
    made = provider.http.post(path, json={"name": "Second", "scopes": scopes}, headers=client["bearer"])
    return {**made.json(), "organization": client["organization"], "bearer": client["bearer"]}


def portal_tokens(provider: Provider, ada: UserAccount) -> dict[str, Any]:
    callback = f"{ISSUER}/portal/callback"
    code = provider.code(ada.cookie, client_id="tradehall-portal", redirect_uri=callback, scope="openid offline_access")
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": callback,
        "code_verifier": VERIFIER,
    }
    return dict(provider.token(form, PORTAL).json())


@pytest.fixture
def ada(provider: Provider) -> UserAccount:
    return provider.person()


def test_a_client_sees_the_tokens_of_its_own_organization(provider: Provider) -> None:
    client = provider.new_client()
    token = access_token(provider, client)
    claims = dict(provider.decoded(token).claims)

    for asker in (client, second_client(provider, client)):
        answer = introspect(provider, asker, token)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert answer.json() == {**claims, "active": True, "token_type": "Bearer"}


def test_all_other_tokens_are_inactive(provider: Provider, ada: UserAccount) -> None:
    client, stranger = provider.new_client(), provider.new_client()
    tokens = [
        access_token(provider, stranger),
        ada.token,
        provider.code_flow(ada.cookie)["id_token"],
        provider.code_flow(ada.cookie, scope="openid offline_access")["refresh_token"],
        "thrt_unknown",
        "not-a-token",
        "\u00fc",
    ]
    for token in tokens:
        assert introspect(provider, client, token).json() == INACTIVE


def test_a_first_party_client_sees_its_own_tokens(provider: Provider, ada: UserAccount) -> None:
    tokens = portal_tokens(provider, ada)

    access = introspect(provider, PORTAL, tokens["access_token"]).json()
    assert (access["active"], access["sub"], access["sid"]) == (True, str(ada.id), str(ada.session.id))
    refresh = introspect(provider, PORTAL, tokens["refresh_token"], token_type_hint="refresh_token").json()
    assert refresh == {
        "active": True,
        "scope": "openid offline_access",
        "client_id": "tradehall-portal",
        "exp": refresh["exp"],
        "sub": str(ada.id),
        "sid": str(ada.session.id),
        "auth_time": int(ada.session.signed_in_at.timestamp()),
    }
    assert introspect(provider, PORTAL, ada.token).json() == INACTIVE


def test_a_refresh_token_that_was_used_is_inactive(provider: Provider, ada: UserAccount) -> None:
    tokens = portal_tokens(provider, ada)
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    renewed = provider.token(form, PORTAL).json()

    assert introspect(provider, PORTAL, tokens["refresh_token"]).json() == INACTIVE
    assert introspect(provider, PORTAL, renewed["refresh_token"]).json()["active"]


@pytest.mark.parametrize(
    ("form", "headers", "refused"),
    [
        ({"token": "x"}, None, (401, "invalid_client")),
        ({"token": "x", "client_id": "tradehall-cli"}, None, (401, "invalid_client")),
        ({"token": "x"}, basic("tradehall-portal", "wrong"), (401, "invalid_client")),
        ({"token": "x"}, {"Authorization": "Bearer x"}, (401, "invalid_client")),
        ({}, PORTAL, (400, "invalid_request")),
    ],
)
def test_introspection_requires_a_secret(
    provider: Provider, form: dict[str, str], headers: dict[str, str] | None, refused: tuple[int, str]
) -> None:
    answer = provider.http.post(
        "/oauth2/introspect",
        data=form,
        headers={"Content-Type": "application/x-www-form-urlencoded", **(headers or {})},
    )
    assert (answer.status_code, answer.json()["error"]) == refused
    assert "www-authenticate" in answer.headers or refused[0] == 400


def test_an_expired_token_is_inactive(provider: Provider) -> None:
    client = provider.new_client()
    token = access_token(provider, client)
    provider.clock.forward(timedelta(seconds=3599))
    assert introspect(provider, client, token).json()["active"]
    provider.clock.forward(timedelta(seconds=1))

    assert introspect(provider, client, token).json() == INACTIVE


def test_a_revoked_session_is_inactive_within_a_second(provider: Provider, ada: UserAccount) -> None:
    tokens = portal_tokens(provider, ada)
    assert introspect(provider, PORTAL, tokens["access_token"]).json()["active"]

    provider.parts.sessions.revoke(ada.session.id)
    provider.parts.revocations.poll()

    assert introspect(provider, PORTAL, tokens["access_token"]).json() == INACTIVE
    assert introspect(provider, PORTAL, tokens["refresh_token"]).json() == INACTIVE


def test_revoked_scopes_and_removed_clients_are_reported(provider: Provider) -> None:
    client = provider.new_client()
    asker = second_client(provider, client)
    token = access_token(provider, client)
    path = f"/api/v1/organizations/{client['organization']}/clients/{client['id']}"

    provider.http.patch(path, json={"scopes": ["events:read"]}, headers=client["bearer"])
    assert introspect(provider, asker, token).json()["scope"] == "events:read"
    provider.http.delete(path, headers=client["bearer"])
    assert introspect(provider, asker, token).json() == INACTIVE


def test_a_stale_cache_is_not_used(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    client = provider.new_client()
    token = access_token(provider, client)
    assert introspect(provider, client, token).json()["active"]

    def away(*_: object) -> None:
        raise OperationalError

    monkeypatch.setattr(provider.parts.revocations, "_polled_at", float("-inf"))
    monkeypatch.setattr(provider.parts.revocations, "poll", away)
    assert introspect(provider, client, token).status_code == 503


def test_a_client_revokes_its_access_token(provider: Provider) -> None:
    client = provider.new_client()
    token, other = access_token(provider, client), access_token(provider, client)
    header = basic(client["client_id"], client["client_secret"])

    for _ in range(2):
        answer = revoke(provider, token, header)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")

    assert introspect(provider, client, token).json() == INACTIVE
    assert introspect(provider, client, other).json()["active"]
    told = [each for each in provider.parts.store.read(0, 100_000) if type(each.event).__name__ == "Revoked"]
    assert [each.aggregate_id for each in told[-1:]] == [UUID(str(provider.decoded(token).claims["jti"]))]


def test_revoking_a_refresh_token_revokes_its_family(provider: Provider, ada: UserAccount) -> None:
    tokens = provider.code_flow(ada.cookie, scope="openid offline_access")
    assert revoke(provider, tokens["access_token"]).status_code == 200
    assert provider.userinfo(tokens["access_token"]).status_code == 401
    renewed = provider.refresh(tokens["refresh_token"]).json()
    assert provider.userinfo(renewed["access_token"]).status_code == 200

    assert revoke(provider, renewed["refresh_token"]).status_code == 200

    assert provider.userinfo(renewed["access_token"]).status_code == 401
    assert provider.refresh(renewed["refresh_token"]).json()["error"] == "invalid_grant"
    assert provider.userinfo(ada.token).status_code == 200


def test_a_replaced_refresh_token_revokes_its_family(provider: Provider, ada: UserAccount) -> None:
    tokens = provider.code_flow(ada.cookie, scope="openid offline_access")
    renewed = provider.refresh(tokens["refresh_token"]).json()

    assert revoke(provider, tokens["refresh_token"]).status_code == 200

    assert provider.refresh(renewed["refresh_token"]).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "something else"])
def test_a_wrong_token_type_hint_is_ignored(provider: Provider, ada: UserAccount, hint: str) -> None:
    for kind in ("access_token", "refresh_token"):
        tokens = provider.code_flow(ada.cookie, scope="openid offline_access")
        assert revoke(provider, tokens[kind], token_type_hint=hint).status_code == 200
        assert provider.userinfo(tokens["access_token"]).status_code == 401


@pytest.mark.parametrize("token", ["thrt_unknown", "not-a-token", "a.b.c", "\u00fc"])
def test_revoking_an_invalid_token_is_no_error(provider: Provider, token: str) -> None:
    assert revoke(provider, token).status_code == 200


def test_a_client_revokes_its_own_tokens_only(provider: Provider, ada: UserAccount) -> None:
    tokens = provider.code_flow(ada.cookie, scope="openid offline_access")
    client = provider.new_client()
    neighbour = second_client(provider, client)
    token = access_token(provider, client)

    answers = [
        revoke(provider, tokens["access_token"], PORTAL),
        revoke(provider, tokens["refresh_token"], PORTAL),
        revoke(provider, token, basic(neighbour["client_id"], neighbour["client_secret"])),
    ]

    assert [(answer.status_code, answer.json()["error"]) for answer in answers] == [(400, "invalid_grant")] * 3
    assert provider.userinfo(tokens["access_token"]).status_code == 200
    assert introspect(provider, client, token).json()["active"]


def test_revocation_requires_client_authentication(provider: Provider, ada: UserAccount) -> None:
    nobody = provider.http.post("/oauth2/revoke", data={"token": ada.token})
    assert (nobody.status_code, nobody.json()["error"]) == (401, "invalid_client")
    wrong = revoke(provider, ada.token, basic("tradehall-portal", "wrong"))
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    assert revoke(provider, "").json()["error"] == "invalid_request"


def hear(provider: Provider, event: Any) -> None:
    """What the bus tells of an organization."""
    envelope = Envelope.of(
        event, context="organizations", epoch="e", sequence=1, version=1, aggregate_id=uuid4(), time=datetime.now(UTC)
    )
    dict(MembershipReplica(provider.parts.database).subscriptions())[type(event)](envelope)
    provider.parts.revocations.poll()


def test_clients_of_a_deleted_organization_are_unknown_until_it_is_restored(provider: Provider) -> None:
    client = provider.new_client()
    token = access_token(provider, client)
    org = client["organization"]
    bearer = {"Authorization": f"Bearer {token}"}

    until = datetime.now(UTC) + timedelta(days=30)
    hear(provider, organizations.OrgDeleted(organization_id=org, restorable_until=until))

    refused = provider.client_token(client)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert introspect(provider, client, token).status_code == 401
    assert provider.http.get(f"/api/v1/organizations/{org}/clients", headers=bearer).status_code == 401
    assert provider.parts.clients.find(client["client_id"]) is None

    hear(provider, organizations.OrgRestored(organization_id=org))

    assert provider.client_token(client).status_code == 200
    assert introspect(provider, client, token).json()["active"]
