"""Published documents and keys, and accepted access tokens."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from identity.oauth.tests.provider import ISSUER, Provider, UserAccount, basic, redirected
from identity.signing_keys.service import SigningKeys
from identity.tests.container import ContainerFixture


def test_discovery_returns_the_exact_issuer_for_any_host(provider: Provider) -> None:
    first, second = (
        provider.http.get(f"/.well-known/{name}", headers={"Host": "elsewhere.example"}).json()
        for name in ("openid-configuration", "oauth-authorization-server")
    )
    assert first == second
    assert first["issuer"] == ISSUER
    addresses = [value for name, value in first.items() if name.endswith("_endpoint") or name == "jwks_uri"]
    assert all(address.startswith(f"{ISSUER}/oauth2/") for address in addresses)


def paths(router: Any) -> set[str]:
    """Of all routes, those of included routers too."""
    own = {str(route.path) for route in router.routes if hasattr(route, "path")}
    included = [route.original_router for route in router.routes if hasattr(route, "original_router")]
    return own.union(*map(paths, included))


def test_discovery_lists_exactly_the_supported_features(provider: Provider) -> None:
    document = provider.http.get("/.well-known/openid-configuration").json()

    secure = {
        name: value.replace("http://", "https://") if isinstance(value, str) else value
        for name, value in document.items()
    }
    AuthorizationServerMetadata(secure).validate()
    for name, address in document.items():
        if name.endswith(("_endpoint", "_uri")):
            assert provider.http.get(address.removeprefix(ISSUER)).status_code != 404
    there = {f"{ISSUER}{path}" for path in paths(provider.http.app) if path.startswith("/oauth2/")}
    assert there == {value for name, value in document.items() if name.endswith(("_endpoint", "_uri"))}
    assert document["authorization_response_iss_parameter_supported"] is True  # RFC 9207 2.3
    assert "registration_endpoint" not in document
    assert document["grant_types_supported"] == ["authorization_code", "client_credentials", "refresh_token"]


def test_published_keys_are_public_and_one_per_algorithm(provider: Provider) -> None:
    keys = provider.http.get("/oauth2/jwks").json()["keys"]

    assert sorted(key["alg"] for key in keys) == ["ES256", "RS256"]
    assert all(key["use"] == "sig" and key["kid"] for key in keys)
    assert not any(set(key) & {"d", "p", "q", "dp", "dq", "qi", "k"} for key in keys)


def test_concurrent_replicas_generate_one_key_set(parts: ContainerFixture) -> None:
    replicas = [SigningKeys(parts.database, parts.keys, parts.clock) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(SigningKeys.ensure, replicas))

    assert [keys.jwks() for keys in replicas] == [replicas[0].jwks()] * 4
    assert len(replicas[0].jwks()["keys"]) == 2


def test_private_keys_are_stored_encrypted(provider: Provider) -> None:
    private = provider.keys.signing("ES256").as_dict(private=True)["d"]

    for row in provider.parts.database.all("SELECT * FROM signing_keys"):
        assert str(private).encode() not in bytes(row["private"])
        assert "d" not in row["public"]


def test_userinfo_returns_what_the_scope_allows(provider: Provider) -> None:
    ada = provider.person()
    told = {
        scope: provider.userinfo(provider.code_flow(ada.cookie, scope=scope)["access_token"]).json()
        for scope in ("openid", "openid email", "openid profile")
    }

    assert set(told["openid"]) == set(told["openid profile"]) == {"sub"}  # no name was given yet
    assert told["openid email"]["email"] == provider.parts.users.find(ada.id).email
    assert told["openid email"]["email_verified"] is True


def test_userinfo_requires_openid_and_a_user(provider: Provider) -> None:
    refused = provider.userinfo(provider.code_flow(provider.person().cookie, scope="email")["access_token"])
    assert refused.status_code == 403
    assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]
    client_token = provider.client_token(provider.new_client()).json()["access_token"]
    assert provider.userinfo(client_token).status_code == 403
    assert provider.http.get("/oauth2/userinfo").status_code == 401
    assert provider.http.get("/oauth2/userinfo").headers["www-authenticate"] == "Bearer"


@pytest.fixture
def ada(provider: Provider) -> UserAccount:
    return provider.person()


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "http://elsewhere.example"},
        {"aud": "tradehall-cli"},
        {"exp": int(time.time()) - 60},
        {"sid": str(uuid4())},
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(provider: Provider, ada: UserAccount, wrong: dict[str, Any]) -> None:
    key = provider.keys.signing("ES256")
    header = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid}
    forged = jwt.encode(header, {**provider.decoded(ada.token).claims, **wrong}, key)

    assert provider.userinfo(forged).status_code == 401


def test_only_access_tokens_of_this_issuer_are_accepted(provider: Provider, ada: UserAccount) -> None:
    claims = provider.decoded(ada.token).claims
    ours, rsa = provider.keys.signing("ES256"), provider.keys.signing("RS256")
    public = provider.http.get("/oauth2/jwks").json()["keys"][0]
    at = {"typ": "at+jwt", "kid": ours.kid}
    none = jwt.encode({"alg": "HS256", **at}, claims, OctKey.import_key("x" * 32)).split(".")
    forged = [
        jwt.encode({"alg": "ES256", "typ": "JWT", "kid": ours.kid}, claims, ours),
        jwt.encode({"alg": "ES256", **at}, claims, ECKey.generate_key("P-256")),
        jwt.encode({"alg": "RS256", "typ": "at+jwt", "kid": rsa.kid}, claims, rsa),
        jwt.encode(
            {"alg": "HS256", **at},
            claims,
            OctKey.import_key({"kty": "oct", "k": public["x"]}),
        ),
        f"eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{none[1]}.",
        provider.code_flow(ada.cookie)["id_token"],
        ada.token[:-4] + "AAAA",
        "not-a-token",
    ]

    assert provider.userinfo(ada.token).status_code == 200
    for token in forged:
        answer = provider.userinfo(token)
        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_every_announced_authentication_method_and_response_mode_works(provider: Provider, ada: UserAccount) -> None:
    document = provider.http.get("/.well-known/openid-configuration").json()
    client = provider.new_client()
    known = {"client_id": client["client_id"], "client_secret": client["client_secret"]}
    ways: dict[str, tuple[dict[str, str], dict[str, str]]] = {
        "client_secret_basic": ({}, basic(client["client_id"], client["client_secret"])),
        "client_secret_post": (known, {}),
        "none": ({"client_id": "tradehall-cli"}, {}),
    }
    for endpoint, form in (
        ("token", {"grant_type": "client_credentials"}),
        ("introspection", {"token": "x"}),
        ("revocation", {"token": "x"}),
    ):
        address = document[f"{endpoint}_endpoint"].removeprefix(ISSUER)
        for way, (fields, headers) in ways.items():
            status = provider.http.post(address, data={**form, **fields}, headers=headers).status_code
            announced = way in document[f"{endpoint}_endpoint_auth_methods_supported"]
            # A public client authenticates at the token endpoint, and has no right to this grant.
            assert (status == 200) == (announced and (endpoint, way) != ("token", "none"))
    for mode in ("query", "fragment", "form_post", "query.jwt"):
        told = provider.authorize(ada.cookie, response_mode=mode)
        good = "error" not in (redirected(told) if told.status_code == 303 else {})
        assert good == (mode in document["response_modes_supported"])
    for prompt in ("none", "login", "consent", "select_account", "create"):
        told = provider.authorize(ada.cookie, prompt=prompt)
        refused = told.headers["location"].startswith("http") and "error" in redirected(told)
        assert refused == (prompt not in document["prompt_values_supported"])
    claims = provider.decoded(provider.code_flow(ada.cookie, nonce="n")["id_token"], "RS256").claims
    assert set(claims) <= set(document["claims_supported"])
