"""Modules of the basic and the form post certification plan: from the code to tokens, and what tokens open."""

import json
import time
from base64 import urlsafe_b64decode
from hashlib import sha256

import httpx2
import psycopg
import pytest

from testing.driver import SystemDriver
from testing.programs import Programs
from testing.waiting import wait_until
from tests.conformance.browser import Browser
from tests.conformance.relying_party import RelyingParty

ALL_SCOPES = "openid profile email offline_access"


def header_of(token: str) -> dict[str, str]:
    encoded = token.split(".")[0]
    header: dict[str, str] = json.loads(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    return header


def error_of(answer: httpx2.Response) -> str:
    """The error of a token answer (RFC 6749 5.2)."""
    assert answer.status_code == 400, answer.text
    assert "no-store" in answer.headers["cache-control"]
    return str(answer.json()["error"])


def test_oidcc_server(rp: RelyingParty) -> None:
    signed_in = rp.sign_in(scope=ALL_SCOPES)
    assert signed_in.claims["auth_time"] <= time.time() + 1
    assert set(signed_in.tokens["scope"].split()) == set(ALL_SCOPES.split())
    assert rp.claims_of(signed_in)["email"] == rp.browser.person.email


def test_oidcc_server_client_secret_post(rp: RelyingParty) -> None:
    request = rp.request()
    assert "client_secret_post" in rp.metadata["token_endpoint_auth_methods_supported"]
    rp.claims_of(rp.complete(request, rp.browser.arrive(request.url), "client_secret_post"))


def test_oidcc_idtoken_signature(rp: RelyingParty) -> None:
    signed_in = rp.sign_in()
    header = header_of(signed_in.id_token)
    published = [key["kid"] for key in rp.driver.http.get("/oauth2/jwks").json()["keys"]]
    assert header["alg"] == "RS256"
    assert published.count(header["kid"]) == 1


def test_oidcc_idtoken_unsigned(rp: RelyingParty) -> None:
    assert "none" not in rp.metadata["id_token_signing_alg_values_supported"]
    assert header_of(rp.sign_in().id_token)["alg"] == "RS256"


def test_oidcc_userinfo_get(rp: RelyingParty) -> None:
    rp.claims_of(rp.sign_in())


def test_oidcc_userinfo_post_header(rp: RelyingParty) -> None:
    signed_in = rp.sign_in()
    bearer = {"Authorization": f"Bearer {signed_in.access_token}"}
    answer = rp.driver.http.post("/oauth2/userinfo", headers=bearer)
    assert answer.status_code == 200, answer.text
    assert answer.json()["sub"] == signed_in.claims["sub"]


def test_oidcc_userinfo_post_body(rp: RelyingParty) -> None:
    answer = rp.driver.http.post("/oauth2/userinfo", data={"access_token": rp.sign_in().access_token})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(rp: RelyingParty) -> None:
    signed_in = rp.sign_in(nonce=None)
    assert "nonce" not in signed_in.claims


def test_oidcc_codereuse(rp: RelyingParty) -> None:
    request = rp.request()
    code = rp.code(request, rp.browser.arrive(request.url))
    assert rp.redeem(request, code).status_code == 200
    assert error_of(rp.redeem(request, code)) == "invalid_grant"


def test_oidcc_codereuse_30seconds(rp: RelyingParty) -> None:
    request = rp.request(scope=ALL_SCOPES)
    code = rp.code(request, rp.browser.arrive(request.url))
    tokens = rp.redeem(request, code).json()
    assert rp.userinfo(tokens["access_token"]).status_code == 200
    with psycopg.connect(rp.driver.info["postgres_dsn"]["identity"]) as database:
        earlier = "used_at = used_at - interval '31 s', expires_at = expires_at - interval '31 s'"
        hashed = sha256(code.encode()).digest()
        done = database.execute(f"UPDATE authorization_codes SET {earlier} WHERE hash = %s", (hashed,))
        assert done.rowcount == 1
    assert error_of(rp.redeem(request, code)) == "invalid_grant"
    wait_until(lambda: rp.userinfo(tokens["access_token"]).status_code == 401, 2, "the access token to end")
    refreshed = rp.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert error_of(refreshed) == "invalid_grant"


def test_oidcc_refresh_token(rp: RelyingParty, driver: SystemDriver, programs: Programs) -> None:
    assert "refresh_token" in rp.metadata["grant_types_supported"]
    first = rp.sign_in(scope=ALL_SCOPES, prompt="consent")
    answer = rp.token(grant_type="refresh_token", refresh_token=first.tokens["refresh_token"])
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    assert tokens["access_token"] != first.access_token
    claims = rp.verified(tokens["id_token"], tokens["access_token"])
    for name in ("iss", "sub", "aud", "auth_time"):
        assert claims[name] == first.claims[name]
    assert claims.get("nonce") in (None, first.claims["nonce"])
    assert claims["iat"] >= first.claims["iat"]
    assert rp.userinfo(tokens["access_token"]).json()["sub"] == first.claims["sub"]

    second = RelyingParty(driver, programs.second, rp.browser, rp.response_mode)
    others = second.sign_in(scope=ALL_SCOPES).tokens["refresh_token"]
    assert error_of(rp.token(grant_type="refresh_token", refresh_token=others)) == "invalid_grant"
    assert second.token(grant_type="refresh_token", refresh_token=others).status_code == 200


def test_oidcc_ensure_request_with_valid_pkce_succeeds(rp: RelyingParty) -> None:
    assert "S256" in rp.metadata["code_challenge_methods_supported"]
    rp.sign_in()
    request = rp.request()
    code = rp.code(request, rp.browser.arrive(request.url))
    wrong = rp.token(
        grant_type="authorization_code", code=code, redirect_uri=rp.program.callback, code_verifier="x" * 43
    )
    assert error_of(wrong) == "invalid_grant"


@pytest.mark.parametrize("left_out", ["code_challenge", "code_challenge_method"])
def test_pkce_is_required(client: RelyingParty, browser: Browser, left_out: str) -> None:
    request = client.request(**{left_out: None})
    assert client.error(request, browser.open(request.url)) == "invalid_request"
