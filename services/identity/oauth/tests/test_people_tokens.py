"""Tokens of users: codes and refresh tokens are bound to client, verifier and session, and used once."""

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from urllib.parse import quote

import pytest
from authlib.oidc.core import CodeIDToken

from identity.oauth.tests.provider import CLI_CALLBACK, ISSUER, PORTAL_SECRET, VERIFIER, Provider, UserAccount, basic
from identity.oauth.token.refresh_tokens import IDLE, LONGEST

OFFLINE = "openid offline_access"


@pytest.fixture
def ada(provider: Provider) -> UserAccount:
    return provider.person()


def error(answer: object) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]  # type: ignore[attr-defined]


def test_a_users_access_token_has_session_and_sign_in_but_no_organization(provider: Provider, ada: UserAccount) -> None:
    answer = provider.code_flow(ada.cookie, scope="openid email")

    assert (answer["token_type"], answer["expires_in"], answer["scope"]) == ("Bearer", 600, "openid email")
    assert "refresh_token" not in answer
    token = provider.decoded(answer["access_token"])
    assert (token.header["alg"], token.header["typ"]) == ("ES256", "at+jwt")
    claims = dict(token.claims)
    assert claims.pop("jti")
    assert claims.pop("exp") - claims.pop("iat") == 600
    assert claims == {
        "iss": ISSUER,
        "aud": f"{ISSUER}/api",
        "sub": str(ada.id),
        "client_id": "tradehall-cli",
        "scope": "openid email",
        "sid": str(ada.session.id),
        "auth_time": int(ada.session.signed_in_at.timestamp()),
    }


def test_an_id_token_is_bound_to_client_and_nonce(provider: Provider, ada: UserAccount) -> None:
    answer = provider.code_flow(ada.cookie, nonce="n-1")

    token = provider.decoded(answer["id_token"], "RS256")
    assert (token.header["alg"], token.header["typ"]) == ("RS256", "JWT")
    claims = dict(token.claims)
    digest = sha256(answer["access_token"].encode()).digest()
    assert claims["at_hash"] == base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")
    assert (claims["iss"], claims["aud"], claims["sub"]) == (ISSUER, "tradehall-cli", str(ada.id))
    assert (claims["nonce"], claims["sid"]) == ("n-1", str(ada.session.id))
    assert claims["auth_time"] == int(ada.session.signed_in_at.timestamp())
    CodeIDToken(claims, token.header, params={"access_token": answer["access_token"]}).validate_at_hash()


def test_without_openid_there_is_no_id_token(provider: Provider, ada: UserAccount) -> None:
    assert "id_token" not in provider.code_flow(ada.cookie, scope="email")


def test_the_scope_is_optional(provider: Provider, ada: UserAccount) -> None:
    assert provider.redeem(provider.code(ada.cookie, scope="")).json()["scope"] == ""


def test_the_portal_authenticates_with_its_secret(provider: Provider, ada: UserAccount) -> None:
    callback = f"{ISSUER}/portal/callback"

    def redeem(headers: dict[str, str] | None, **form: str) -> object:
        code = provider.code(ada.cookie, client_id="tradehall-portal", redirect_uri=callback)
        known = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": callback,
            "code_verifier": VERIFIER,
        }
        return provider.token({**known, **form}, headers)

    good = basic("tradehall-portal", quote(PORTAL_SECRET, safe=""))
    assert redeem(good).status_code == 200  # type: ignore[attr-defined]
    assert redeem(None, client_id="tradehall-portal", client_secret=PORTAL_SECRET).status_code == 200  # type: ignore[attr-defined]
    assert error(redeem(None, client_id="tradehall-portal")) == (401, "invalid_client")
    assert error(redeem(basic("tradehall-portal", "wrong"))) == (401, "invalid_client")
    assert error(redeem(None, client_id="tradehall-cli")) == (400, "invalid_grant")
    assert error(redeem(None, client_id="tradehall-cli", client_secret="x")) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"code_verifier": "v" * 43}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_request"),
        ({"code_verifier": "short"}, "invalid_request"),
        ({"redirect_uri": "http://127.0.0.1:1/callback"}, "invalid_grant"),
        ({"redirect_uri": ""}, "invalid_grant"),
        ({"code": "thac_unknown"}, "invalid_grant"),
        ({"code": ""}, "invalid_request"),
    ],
)
def test_a_code_is_bound_to_verifier_and_address(
    provider: Provider, ada: UserAccount, changes: dict[str, str], refused: str
) -> None:
    code = provider.code(ada.cookie)

    assert error(provider.redeem(code, **changes)) == (400, refused)


def test_a_code_expires_after_a_minute(provider: Provider, ada: UserAccount) -> None:
    in_time, late = provider.code(ada.cookie), provider.code(ada.cookie)

    provider.clock.forward(timedelta(seconds=59))
    assert provider.redeem(in_time).status_code == 200
    provider.clock.forward(timedelta(seconds=1))
    assert error(provider.redeem(late)) == (400, "invalid_grant")


def test_a_reused_code_revokes_its_tokens(provider: Provider, ada: UserAccount) -> None:
    code = provider.code(ada.cookie, scope=OFFLINE)
    made = provider.redeem(code).json()
    assert provider.userinfo(made["access_token"]).status_code == 200

    assert error(provider.redeem(code)) == (400, "invalid_grant")

    assert provider.userinfo(made["access_token"]).status_code == 401
    assert error(provider.refresh(made["refresh_token"])) == (400, "invalid_grant")
    assert provider.parts.events()[-1] == "Revoked"
    assert provider.userinfo(ada.token).status_code == 200  # another authorization's lives on
    assert error(provider.redeem(code)) == (400, "invalid_grant")
    assert provider.parts.events()[-2:] != ["Revoked", "Revoked"]


def test_concurrent_uses_of_a_code_issue_tokens_once_and_revoke_them(provider: Provider, ada: UserAccount) -> None:
    code = provider.code(ada.cookie, scope=OFFLINE)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: provider.redeem(code), range(8)))

    good = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(good) == 1
    assert {answer.status_code for answer in answers} == {200, 400}
    assert provider.userinfo(good[0]["access_token"]).status_code == 401


def test_no_usable_token_is_stored(provider: Provider, ada: UserAccount) -> None:
    code = provider.code(ada.cookie, scope=OFFLINE)
    first = provider.redeem(code).json()
    second = provider.refresh(first["refresh_token"]).json()
    dump = ""
    for table in ("authorization_codes", "refresh_tokens", "token_families", "family_access_tokens", "events"):
        dump += str(provider.parts.database.all(f"SELECT t::text AS row FROM {table} t"))

    for secret in (code, first["refresh_token"], second["refresh_token"], second["access_token"]):
        assert secret not in dump
        assert secret.encode().hex() not in dump


def test_a_revoked_session_gets_no_tokens(provider: Provider, ada: UserAccount) -> None:
    code = provider.code(ada.cookie)
    provider.parts.sessions.revoke(ada.session.id)

    assert error(provider.redeem(code)) == (400, "invalid_grant")
    assert provider.userinfo(ada.token).status_code == 401


def test_a_refresh_issues_new_tokens_of_the_same_sign_in(provider: Provider, ada: UserAccount) -> None:
    first = provider.code_flow(ada.cookie, scope=OFFLINE)
    provider.clock.forward(timedelta(minutes=5))

    second = provider.refresh(first["refresh_token"]).json()

    assert second["refresh_token"] != first["refresh_token"]
    before, after = (provider.decoded(each["id_token"], "RS256").claims for each in (first, second))
    assert (after["sub"], after["sid"], after["auth_time"]) == (before["sub"], before["sid"], before["auth_time"])
    assert after["iat"] == before["iat"] + 300
    assert provider.refresh(second["refresh_token"]).status_code == 200


def test_reusing_a_refresh_token_within_ten_seconds_repeats_the_answer(provider: Provider, ada: UserAccount) -> None:
    first = provider.code_flow(ada.cookie, scope=OFFLINE)
    answer = provider.refresh(first["refresh_token"]).json()

    provider.clock.forward(timedelta(seconds=9))

    assert provider.refresh(first["refresh_token"]).json() == answer
    assert provider.refresh(answer["refresh_token"]).status_code == 200


def test_reusing_a_refresh_token_later_revokes_the_family(provider: Provider, ada: UserAccount) -> None:
    first = provider.code_flow(ada.cookie, scope=OFFLINE)
    second = provider.refresh(first["refresh_token"]).json()
    provider.clock.forward(timedelta(seconds=10))

    assert error(provider.refresh(first["refresh_token"])) == (400, "invalid_grant")

    assert error(provider.refresh(second["refresh_token"])) == (400, "invalid_grant")
    assert provider.userinfo(second["access_token"]).status_code == 401
    assert provider.userinfo(ada.token).status_code == 200


def test_concurrent_refreshes_get_the_same_answer(provider: Provider, ada: UserAccount) -> None:
    first = provider.code_flow(ada.cookie, scope=OFFLINE)
    with ThreadPoolExecutor(8) as pool:
        answers = [a.json() for a in pool.map(lambda _: provider.refresh(first["refresh_token"]), range(8))]

    assert answers == [answers[0]] * 8
    assert "access_token" in answers[0]


def test_a_refresh_token_is_bound_to_its_client(provider: Provider, ada: UserAccount) -> None:
    first = provider.code_flow(ada.cookie, scope=OFFLINE)
    stolen = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}

    portal = provider.token(stolen, basic("tradehall-portal", quote(PORTAL_SECRET, safe="")))

    assert error(portal) == (400, "invalid_grant")
    assert provider.refresh(first["refresh_token"]).status_code == 200


def test_a_refresh_may_narrow_the_scope_of_its_access_token_only(provider: Provider, ada: UserAccount) -> None:
    first = provider.code_flow(ada.cookie, scope="openid email offline_access")

    narrow = provider.refresh(first["refresh_token"], scope="email").json()
    assert narrow["scope"] == "email"
    assert "id_token" not in narrow
    assert error(provider.refresh(narrow["refresh_token"], scope="profile")) == (400, "invalid_scope")
    assert provider.refresh(narrow["refresh_token"]).json()["scope"] == "openid email offline_access"


def test_an_unused_refresh_token_expires_after_thirty_days(provider: Provider, ada: UserAccount) -> None:
    early, late = (provider.code_flow(ada.cookie, scope=OFFLINE)["refresh_token"] for _ in range(2))

    provider.clock.forward(IDLE - timedelta(seconds=1))
    assert provider.refresh(early).status_code == 200
    provider.clock.forward(timedelta(seconds=1))
    assert error(provider.refresh(late)) == (400, "invalid_grant")


def test_a_family_expires_after_180_days(provider: Provider, ada: UserAccount) -> None:
    token = provider.code_flow(ada.cookie, scope=OFFLINE)["refresh_token"]
    for _ in range(8):
        provider.clock.forward(timedelta(days=20))
        token = provider.refresh(token).json()["refresh_token"]

    provider.clock.forward(LONGEST - timedelta(days=160, seconds=1))
    token = provider.refresh(token).json()["refresh_token"]
    provider.clock.forward(timedelta(seconds=1))
    assert error(provider.refresh(token)) == (400, "invalid_grant")


def test_a_revoked_session_revokes_its_families(provider: Provider, ada: UserAccount) -> None:
    first = provider.code_flow(ada.cookie, scope=OFFLINE)
    provider.parts.sessions.revoke(ada.session.id)

    assert error(provider.refresh(first["refresh_token"])) == (400, "invalid_grant")
    assert provider.userinfo(first["access_token"]).status_code == 401


@pytest.mark.parametrize("token", ["", "thrt_unknown", "x" * 5000, "\u00fc"])
def test_an_unknown_refresh_token_is_refused(provider: Provider, token: str) -> None:
    assert error(provider.refresh(token)) == (400, "invalid_grant" if token else "invalid_request")


def test_expired_codes_and_tokens_are_deleted(provider: Provider, ada: UserAccount) -> None:
    code = provider.code(ada.cookie, scope=OFFLINE)
    first = provider.redeem(code).json()
    provider.refresh(first["refresh_token"])
    provider.redeem(code)
    provider.clock.forward(LONGEST + timedelta(days=2))

    provider.server.codes.delete_expired()
    provider.server.refresh_tokens.delete_expired()

    for table in ("authorization_codes", "refresh_tokens", "family_access_tokens", "revoked_tokens"):
        assert not provider.parts.database.all(f"SELECT * FROM {table}")


def test_the_redirect_contains_no_token(provider: Provider, ada: UserAccount) -> None:
    assert provider.authorize(ada.cookie).headers["location"].startswith(f"{CLI_CALLBACK}?code=thac_")
