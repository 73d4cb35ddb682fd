"""Clients take tokens with their secrets: in every right way, and in no wrong one."""

from datetime import timedelta
from urllib.parse import quote
from uuid import UUID

import pytest

from identity.clients.secrets import may_be_secret, new_secret
from identity.oauth.tests.provider import ISSUER, PORTAL_SECRET, Provider, basic

GRANT = {"grant_type": "client_credentials"}


def test_a_client_token_identifies_the_client(provider: Provider) -> None:
    client = provider.new_client()

    answer = provider.token(GRANT, basic(client["client_id"], client["client_secret"]))

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert set(body) == {"access_token", "token_type", "expires_in", "scope"}
    assert (body["token_type"], body["expires_in"], body["scope"]) == ("Bearer", 3600, "events:read platforms:read")
    token = provider.decoded(body["access_token"])
    assert (token.header["alg"], token.header["typ"]) == ("ES256", "at+jwt")
    claims = dict(token.claims)
    assert claims.pop("jti")
    assert claims.pop("exp") - claims.pop("iat") == 3600
    assert claims == {
        "iss": ISSUER,
        "aud": f"{ISSUER}/api",
        "sub": client["client_id"],
        "client_id": client["client_id"],
        "scope": "events:read platforms:read",
        "org": str(client["organization"]),
    }


def test_the_secret_may_be_in_the_body(provider: Provider) -> None:
    assert provider.client_token(provider.new_client()).status_code == 200


def test_a_scope_narrows_what_was_granted(provider: Provider) -> None:
    assert provider.client_token(provider.new_client(), scope="events:read").json()["scope"] == "events:read"


def test_a_client_without_scopes_gets_a_token_without_any(provider: Provider) -> None:
    assert provider.client_token(provider.new_client(scopes=())).json()["scope"] == ""


@pytest.mark.parametrize("scope", ["platforms:write", "events:read openid", "no-such-scope", 'a"b', "events:read\n"])
def test_a_scope_that_was_not_granted_is_refused(provider: Provider, scope: str) -> None:
    answer = provider.client_token(provider.new_client(), scope=scope)

    assert answer.status_code == 400
    assert answer.json()["error"] == ("invalid_request" if "\n" in scope else "invalid_scope")


@pytest.mark.parametrize(
    "secret", [pytest.param(new_secret(), id="another"), "wrong", "thcs_" + "0" * 43 + "_000000", "ü"]
)
def test_a_wrong_secret_is_refused_in_both_ways(provider: Provider, secret: str) -> None:
    client = provider.new_client()

    posted = provider.client_token({**client, "client_secret": secret})
    by_header = provider.token(GRANT, basic(client["client_id"], quote(secret)))

    for answer in (posted, by_header):
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert answer.headers["www-authenticate"].startswith("Basic realm=")
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "authorization",
    ["Basic", "Basic !!!", "Basic /w==", "Basic Og==", "Basic dGhj", "Bearer abc", "Digest x", "Basic dGhjOg=="],
)
def test_an_authorization_header_that_cannot_be_read_is_401(provider: Provider, authorization: str) -> None:
    answer = provider.token(GRANT, {"Authorization": authorization})

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_missing_and_unknown_clients_are_401(provider: Provider) -> None:
    assert provider.token(GRANT).status_code == 401
    unknown = provider.token(GRANT, basic("thc_unknown", new_secret()))
    assert (unknown.status_code, unknown.json()["error"]) == (401, "invalid_client")


def test_two_authentication_methods_at_once_are_refused(provider: Provider) -> None:
    client = provider.new_client()
    header = basic(client["client_id"], client["client_secret"])

    both = provider.token({**GRANT, "client_secret": client["client_secret"]}, header)
    other = provider.token({**GRANT, "client_id": "thc_other"}, header)

    assert (both.status_code, both.json()["error"]) == (400, "invalid_request")
    assert (other.status_code, other.json()["error"]) == (400, "invalid_request")
    assert provider.token({**GRANT, "client_id": client["client_id"]}, header).status_code == 200


@pytest.mark.parametrize(
    ("body", "content_type", "error"),
    [
        (b"grant_type=client_credentials&grant_type=client_credentials", None, "invalid_request"),
        (b"grant_type=client_credentials&scope=%ff", None, "invalid_request"),
        (b"grant_type=client_credentials&scope=\xff", None, "invalid_request"),
        (b"grant_type=client_credentials&scope=%00", None, "invalid_request"),
        (b"&".join(b"p%d=1" % n for n in range(60)), None, "invalid_request"),
        (b"", None, "invalid_request"),
        (b"grant_type=", None, "invalid_request"),
        (b"grant_type=password&client_id=tradehall-cli", None, "unsupported_grant_type"),
        (b"grant_type=%22%E2%82%AC%5C&client_id=tradehall-cli", None, "unsupported_grant_type"),
        (b'{"grant_type": "client_credentials"}', "application/json", "invalid_request"),
    ],
)
def test_a_malformed_token_request_is_refused(
    provider: Provider, body: bytes, content_type: str | None, error: str
) -> None:
    headers = {"Content-Type": content_type or "application/x-www-form-urlencoded"}
    answer = provider.http.post("/oauth2/token", content=body, headers=headers)

    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_credentials_in_the_query_are_ignored(provider: Provider) -> None:
    client = provider.new_client()
    query = {name: client[name] for name in ("client_id", "client_secret")}

    assert provider.http.post("/oauth2/token", params=query, data=GRANT).status_code == 401


def test_first_party_clients_get_no_client_credentials(provider: Provider) -> None:
    portal = provider.token(GRANT, basic("tradehall-portal", quote(PORTAL_SECRET, safe="")))
    command_line = provider.token({**GRANT, "client_id": "tradehall-cli"})

    assert (portal.status_code, portal.json()["error"]) == (400, "unauthorized_client")
    assert (command_line.status_code, command_line.json()["error"]) == (401, "invalid_client")


def test_organization_clients_get_no_authorization_code(provider: Provider) -> None:
    client = provider.new_client()
    header = basic(client["client_id"], client["client_secret"])

    for grant in ("authorization_code", "refresh_token"):
        answer = provider.token({"grant_type": grant, "code": "x", "refresh_token": "x"}, header)
        assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")


def test_an_expired_secret_stops_working(provider: Provider) -> None:
    client = provider.new_client()
    assert provider.client_token(client).status_code == 200

    provider.parts.database.execute(
        "UPDATE client_secrets SET expires_at = now() - interval '1 second' WHERE client = %s", (client["id"],)
    )
    provider.parts.client_cache.forget(UUID(client["id"]))

    assert provider.client_token(client).status_code == 401


def test_an_expired_token_is_refused(provider: Provider) -> None:
    client = provider.new_client()
    provider.clock.forward(timedelta(hours=-2))
    bearer = {"Authorization": f"Bearer {provider.client_token(client).json()['access_token']}"}

    answer = provider.http.get(f"/api/v1/organizations/{client['organization']}/clients", headers=bearer)

    assert (answer.status_code, answer.json()["code"]) == (401, "invalid-token")


def test_a_secret_is_recognised_by_prefix_and_checksum() -> None:
    secret = new_secret()

    assert secret.startswith("thcs_")
    assert len(secret) == len("thcs_") + 43 + 1 + 6
    assert may_be_secret(secret)
    assert not may_be_secret(secret[:-1] + ("0" if secret[-1] != "0" else "1"))
    assert len({new_secret() for _ in range(100)}) == 100
