"""Modules of the basic and the form post certification plan: who is signed in, since when, and for how long."""

import time

from testing.waiting import wait_until
from tests.conformance.browser import Page
from tests.conformance.relying_party import RelyingParty, SignedIn


def a_second_has_passed_since(signed_in: SignedIn, seconds: float = 1.0) -> None:
    """Times in tokens are whole seconds: only later ones can differ."""
    until = signed_in.claims["auth_time"] + 1 + seconds
    wait_until(lambda: time.time() >= until, 5, "the next second")


def test_oidcc_prompt_login(rp: RelyingParty) -> None:
    first = rp.sign_in()
    a_second_has_passed_since(first)
    request = rp.request(prompt="login")
    page = rp.browser.open(request.url)
    assert isinstance(page, Page)
    assert page.asks_to_sign_in
    second = rp.complete(request, rp.browser.sign_in(page))
    assert second.claims["sub"] == first.claims["sub"]
    assert second.claims["auth_time"] > first.claims["auth_time"]


def test_oidcc_prompt_none_not_logged_in(rp: RelyingParty) -> None:
    request = rp.request(prompt="none")
    assert rp.error(request, rp.browser.open(request.url)) == "login_required"


def test_oidcc_prompt_none_logged_in(rp: RelyingParty) -> None:
    first = rp.sign_in()
    request = rp.request(prompt="none")
    second = rp.complete(request, rp.browser.open(request.url))
    assert second.claims["sub"] == first.claims["sub"]
    assert second.claims["auth_time"] == first.claims["auth_time"]


def test_oidcc_max_age_1(rp: RelyingParty) -> None:
    first = rp.sign_in()
    a_second_has_passed_since(first, 1.1)
    request = rp.request(max_age="1")
    page = rp.browser.open(request.url)
    assert isinstance(page, Page)
    assert page.asks_to_sign_in
    second = rp.complete(request, rp.browser.sign_in(page))
    assert second.claims["sub"] == first.claims["sub"]
    assert second.claims["auth_time"] > first.claims["auth_time"]


def test_oidcc_max_age_10000(rp: RelyingParty) -> None:
    first = rp.sign_in()
    request = rp.request(max_age="10000")
    second = rp.complete(request, rp.browser.open(request.url))
    assert second.claims["sub"] == first.claims["sub"]
    assert second.claims["auth_time"] == first.claims["auth_time"]
    assert second.claims["auth_time"] > time.time() - 10_000


def test_oidcc_id_token_hint(rp: RelyingParty) -> None:
    first = rp.sign_in()
    request = rp.request(prompt="none", id_token_hint=first.id_token)
    second = rp.complete(request, rp.browser.open(request.url))
    assert second.claims["sub"] == first.claims["sub"]
    assert second.claims["auth_time"] == first.claims["auth_time"]
