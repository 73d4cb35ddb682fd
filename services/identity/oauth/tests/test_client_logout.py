"""RP-initiated logout: confirmation, redirects and refusals."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from identity.oauth.tests.provider import CLI_CALLBACK, ISSUER, Provider, UserAccount

SIGNED_OUT = f"{ISSUER}/portal/signed-out"


@pytest.fixture
def ada(provider: Provider) -> UserAccount:
    return provider.person()


def id_token(provider: Provider, person: UserAccount) -> str:
    return str(provider.code_flow(person.cookie)["id_token"])


def logout(provider: Provider, person: UserAccount | None, **asked: str) -> httpx2.Response:
    cookies = {"Cookie": f"tradehall={person.cookie}"} if person else {}
    answer: httpx2.Response = provider.http.get("/oauth2/logout", params=asked, headers=cookies)
    return answer


def confirm(provider: Provider, person: UserAccount, page: httpx2.Response, **headers: str) -> httpx2.Response:
    """Press the button of the page."""
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text)
    form = {unescape(name): unescape(value) for name, value in fields}
    answer: httpx2.Response = provider.http.post(
        "/oauth2/logout", data=form, headers={"Cookie": f"tradehall={person.cookie}", **headers}
    )
    return answer


def is_signed_in(provider: Provider, person: UserAccount) -> bool:
    return provider.parts.sessions.find(person.cookie) is not None


def test_the_sessions_id_token_signs_out_and_redirects(provider: Provider, ada: UserAccount) -> None:
    tokens = provider.code_flow(ada.cookie, scope="openid offline_access")

    answer = logout(
        provider,
        ada,
        id_token_hint=tokens["id_token"],
        post_logout_redirect_uri=CLI_CALLBACK,
        state="a & b",
    )

    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{CLI_CALLBACK}?")
    assert parse_qs(urlsplit(answer.headers["location"]).query) == {"state": ["a & b"]}
    assert 'tradehall=""' in answer.headers["set-cookie"]
    assert not is_signed_in(provider, ada)
    assert provider.userinfo(tokens["access_token"]).status_code == 401
    assert "Ended" in provider.parts.events()
    assert provider.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_an_expired_id_token_signs_out(provider: Provider) -> None:
    ada = provider.person()
    token = id_token(provider, ada)
    claims = dict(provider.decoded(token, "RS256").claims)
    key = provider.keys.signing("RS256")
    old = jwt.encode({"alg": "RS256", "typ": "JWT", "kid": key.kid}, {**claims, "exp": 1, "iat": 0}, key)

    assert logout(provider, ada, id_token_hint=old).status_code == 200
    assert not is_signed_in(provider, ada)


@pytest.mark.parametrize("hint", ["none", "another session's"])
def test_without_the_id_token_the_user_confirms(provider: Provider, ada: UserAccount, hint: str) -> None:
    asked = {"client_id": "tradehall-portal", "post_logout_redirect_uri": SIGNED_OUT, "state": '"><x>'}
    if hint != "none":
        asked = {"id_token_hint": id_token(provider, provider.person())}

    page = logout(provider, ada, **asked)

    assert page.status_code == 200
    assert "Stay signed in" in page.text
    assert "<x>" not in page.text
    assert is_signed_in(provider, ada)
    answer = confirm(provider, ada, page)
    assert not is_signed_in(provider, ada)
    if hint == "none":
        assert answer.headers["location"] == f"{SIGNED_OUT}?state=%22%3E%3Cx%3E"
        assert f"form-action 'self' {ISSUER}" in page.headers["content-security-policy"]
    else:
        assert "You are signed out" in answer.text


def test_the_confirmation_is_accepted_from_our_page_only(provider: Provider, ada: UserAccount) -> None:
    page = logout(provider, ada)

    assert confirm(provider, ada, page, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert is_signed_in(provider, ada)
    assert confirm(provider, ada, page, **{"Sec-Fetch-Site": "same-origin"}).status_code == 200
    assert not is_signed_in(provider, ada)


def test_a_cross_site_post_is_repeated_as_get_with_the_cookie(provider: Provider, ada: UserAccount) -> None:
    form = {"id_token_hint": id_token(provider, ada), "state": "s"}

    answer = provider.http.post("/oauth2/logout", data=form, headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 303
    parts = urlsplit(answer.headers["location"])
    assert parts.path == "/oauth2/logout"
    assert logout(provider, ada, **{name: one for name, (one,) in parse_qs(parts.query).items()}).status_code == 200
    assert not is_signed_in(provider, ada)


def test_a_signed_out_user_is_redirected_immediately(provider: Provider) -> None:
    answer = logout(provider, None, client_id="tradehall-portal", post_logout_redirect_uri=SIGNED_OUT)
    assert answer.headers["location"] == SIGNED_OUT
    assert "You are signed out" in logout(provider, None).text


@pytest.mark.parametrize(
    "asked",
    [
        {"post_logout_redirect_uri": SIGNED_OUT},
        {"post_logout_redirect_uri": "https://evil.example/", "client_id": "tradehall-portal"},
        {"post_logout_redirect_uri": f"{SIGNED_OUT}/", "client_id": "tradehall-portal"},
        {"post_logout_redirect_uri": f"{SIGNED_OUT}?x=1", "client_id": "tradehall-portal"},
        {"post_logout_redirect_uri": SIGNED_OUT, "client_id": "tradehall-cli"},
        {"client_id": "nobody"},
        {"client_id": "thc_0000000000000000"},
        {"id_token_hint": "not-a-token"},
        {"id_token_hint": "x" * 10_000},
        {"state": "\x00"},
        {"state": "s" * 3000},
    ],
)
def test_unregistered_addresses_are_refused_with_a_page(
    provider: Provider, ada: UserAccount, asked: dict[str, str]
) -> None:
    answer = logout(provider, ada, **asked)

    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert answer.headers["content-type"].startswith("text/html")
    assert is_signed_in(provider, ada)


def test_a_hint_that_is_not_an_id_token_of_ours_is_refused(provider: Provider, ada: UserAccount) -> None:
    token = id_token(provider, ada)
    claims = dict(provider.decoded(token, "RS256").claims)
    key = provider.keys.signing("RS256")
    header = {"alg": "RS256", "typ": "JWT", "kid": key.kid}
    stranger = RSAKey.generate_key(2048, {"kid": str(key.kid)}, auto_kid=False)
    wrong = [
        provider.code_flow(ada.cookie)["access_token"],
        jwt.encode(header, claims, stranger),
        jwt.encode(header, {**claims, "iss": "http://elsewhere.example"}, key),
        jwt.encode({**header, "typ": "at+jwt"}, claims, key),
        jwt.encode(header, {**claims, "sid": "x"}, key),
        jwt.encode(header, {**claims, "sub": 7}, key),
    ]
    for hint in wrong:
        assert logout(provider, ada, id_token_hint=hint).status_code == 400
    mixed = logout(provider, ada, id_token_hint=token, client_id="tradehall-portal")
    assert mixed.status_code == 400
    assert is_signed_in(provider, ada)


def test_a_parameter_that_is_given_twice_is_refused(provider: Provider, ada: UserAccount) -> None:
    answer = provider.http.get("/oauth2/logout?state=a&state=b", headers={"Cookie": f"tradehall={ada.cookie}"})
    assert answer.status_code == 400
    assert is_signed_in(provider, ada)
    assert provider.http.post("/oauth2/logout", json={}).status_code == 400
