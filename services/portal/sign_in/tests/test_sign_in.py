"""Sign-in, session lifetime and sign-out."""

from typing import LiteralString
from urllib.parse import parse_qs, urlsplit

import pytest

from portal.tests.fake_backend import ORG, Browser, FakeBackend, Portal


def test_sign_in_returns_to_the_requested_page(browser: Browser) -> None:
    page = f"/portal/organizations/{ORG}/users?cursor=x"
    first = browser.http.get(page)
    assert first.status_code == 303
    assert parse_qs(urlsplit(first.headers["location"]).query)["next"] == [page]
    away = browser.http.get(first.headers["location"])
    assert away.headers["location"].startswith("http://localhost:8080/oauth2/authorize?")
    assert "code_challenge_method=S256" in away.headers["location"]
    back = browser.http.get(browser.backend.authorize(away.headers["location"]))
    assert back.headers["location"] == page
    cookie = back.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


@pytest.mark.parametrize("elsewhere", ["https://evil.example", "//evil.example", "/portal/\\evil", "/portalevil", ""])
def test_sign_in_redirects_to_no_other_site(browser: Browser, elsewhere: str) -> None:
    away = browser.http.get("/portal/sign-in", params={"next": elsewhere})
    back = browser.http.get(browser.backend.authorize(away.headers["location"]))
    assert back.headers["location"] == "/portal"


@pytest.mark.parametrize(
    "claims", [{"aud": "another"}, {"iss": "http://evil.example"}, {"nonce": "old"}, {"exp": 1}], ids=str
)
def test_invalid_id_token_is_refused(browser: Browser, claims: dict[str, object]) -> None:
    browser.backend.claims = claims
    away = browser.http.get("/portal/sign-in")
    back = browser.http.get(browser.backend.authorize(away.headers["location"]))
    assert back.status_code == 400
    assert browser.rows() == []


def test_state_of_another_browser_is_refused(browser: Browser) -> None:
    away = browser.http.get("/portal/sign-in")
    back = browser.backend.authorize(away.headers["location"])
    browser.http.cookies.clear()
    assert browser.http.get(back).status_code == 400
    assert browser.rows() == []


def test_callback_of_another_issuer_is_refused(browser: Browser) -> None:
    away = browser.http.get("/portal/sign-in")
    back = browser.backend.authorize(away.headers["location"]).replace("iss=http://localhost", "iss=http://evil")
    assert browser.http.get(back).status_code == 400


def test_tokens_are_encrypted_and_never_sent_to_the_browser(browser: Browser) -> None:
    browser.sign_in()
    page = browser.http.get(f"/portal/organizations/{ORG}")
    assert page.status_code == 200
    (row,) = browser.rows()
    used = browser.backend.asked[-1]["headers"]["Authorization"].removeprefix("Bearer ")
    assert used.startswith("access-")
    for seen in (repr(row), page.text, repr(dict(browser.http.cookies))):
        assert "access-" not in seen
        assert "refresh-" not in seen
    assert browser.http.cookies["tradehall-portal"].encode() not in bytes(row[0])


def test_expiring_token_is_refreshed(browser: Browser) -> None:
    browser.backend.tokens_last = 5
    browser.sign_in()
    assert browser.http.get(f"/portal/organizations/{ORG}").status_code == 200
    assert browser.backend.refreshes == 1
    browser.backend.tokens_last = 600
    assert browser.http.get(f"/portal/organizations/{ORG}").status_code == 200
    assert browser.http.get(f"/portal/organizations/{ORG}").status_code == 200
    assert browser.backend.refreshes == 2


@pytest.mark.parametrize("tokens_last", [5, 600])
def test_session_revoked_at_the_provider_is_over(browser: Browser, tokens_last: float) -> None:
    browser.backend.tokens_last = tokens_last
    browser.sign_in()
    browser.backend.session_over = True
    answer = browser.http.get(f"/portal/organizations/{ORG}")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/portal/sign-in?next=")


@pytest.mark.parametrize(
    "since", ["last_used_at = now() - interval '12 hours'", "created_at = now() - interval '30 days'"]
)
def test_session_expires_after_12_hours_idle_and_after_30_days(browser: Browser, since: LiteralString) -> None:
    browser.sign_in()
    browser.change_rows("last_used_at = now() - interval '11 hours', created_at = now() - interval '29 days'")
    assert browser.http.get(f"/portal/organizations/{ORG}").status_code == 200
    browser.change_rows(since)
    answer = browser.http.get(f"/portal/organizations/{ORG}")
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/portal/sign-in")


def test_htmx_request_redirects_the_whole_page_to_sign_in(browser: Browser) -> None:
    here = f"http://localhost:8080/portal/organizations/{ORG}/clients"
    answer = browser.http.get(f"{here}/new", headers={"HX-Request": "true", "HX-Current-URL": here})
    assert answer.headers["HX-Redirect"] == f"/portal/sign-in?next=%2Fportal%2Forganizations%2F{ORG}%2Fclients"


def test_sign_out_revokes_the_session_here_and_at_the_provider(browser: Browser) -> None:
    browser.sign_in()
    answer = browser.http.post("/portal/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/logout")
    assert browser.rows() == []
    assert browser.backend.asked[-1]["method"] == "DELETE"
    assert browser.backend.asked[-1]["path"].startswith("/api/v1/me/sessions/")


def test_cookies_are_secure_over_https(postgres_dsn: str, backend: FakeBackend) -> None:
    with Portal(postgres_dsn, backend, "https://tradehall.example") as portal:
        browser = portal.browser()
        browser.http.get("/portal/sign-in")
        page = browser.http.get("/portal/nothing")
        assert all("Secure" in each for each in page.headers.get_list("set-cookie"))
