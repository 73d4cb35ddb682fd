"""Modules of the basic and the form post certification plan: what an authorization request may ask."""

import base64
import json
from urllib.parse import urlencode

from testing.driver import address
from tests.conformance.browser import Arrival, Page
from tests.conformance.relying_party import RelyingParty


def unsigned(claims: dict[str, str]) -> str:
    """A request object with `alg: none` (OpenID Connect Core 6.1)."""
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*encoded, ""])


def test_oidcc_response_type_missing(rp: RelyingParty) -> None:
    request = rp.request(response_type=None, response_mode=None)
    assert rp.error(request, rp.browser.open(request.url)) in ("invalid_request", "unsupported_response_type")


def test_oidcc_scope_profile(rp: RelyingParty) -> None:
    claims = rp.claims_of(rp.sign_in(scope="openid profile"))
    assert claims["name"] == "Ada Lovelace"
    assert "email" not in claims


def test_oidcc_scope_email(rp: RelyingParty) -> None:
    claims = rp.claims_of(rp.sign_in(scope="openid email"))
    assert claims["email"] == rp.browser.person.email
    assert claims["email_verified"] is True
    assert "name" not in claims


def refused_scope(rp: RelyingParty, scope: str) -> None:
    assert scope not in rp.metadata["scopes_supported"]
    request = rp.request(scope=f"openid {scope}")
    assert rp.error(request, rp.browser.open(request.url)) == "invalid_scope"


def test_oidcc_scope_address(rp: RelyingParty) -> None:
    refused_scope(rp, "address")


def test_oidcc_scope_phone(rp: RelyingParty) -> None:
    refused_scope(rp, "phone")


def test_oidcc_scope_all(rp: RelyingParty) -> None:
    claims = rp.claims_of(rp.sign_in(scope="openid profile email"))
    assert set(claims) == {"sub", "name", "email", "email_verified"}


def test_oidcc_ensure_other_scope_order_succeeds(rp: RelyingParty) -> None:
    assert "email" in rp.claims_of(rp.sign_in(scope="email openid"))


def shown_as_ever(rp: RelyingParty, display: str) -> None:
    request = rp.request(display=display)
    page = rp.browser.open(request.url)
    assert isinstance(page, Page)
    assert page.asks_to_sign_in
    rp.complete(request, rp.browser.sign_in(page))


def test_oidcc_display_page(rp: RelyingParty) -> None:
    shown_as_ever(rp, "page")


def test_oidcc_display_popup(rp: RelyingParty) -> None:
    shown_as_ever(rp, "popup")


def test_oidcc_ensure_request_with_unknown_parameter_succeeds(rp: RelyingParty) -> None:
    rp.sign_in(extra="foobar")


def test_oidcc_login_hint(rp: RelyingParty) -> None:
    request = rp.request(login_hint=rp.browser.person.email)
    page = rp.browser.open(request.url)
    assert isinstance(page, Page)
    assert page.form is not None
    assert page.form.fields["email"] == rp.browser.person.email
    rp.complete(request, rp.browser.sign_in(page))
    rp.sign_in(login_hint=address("buffy"))


def test_oidcc_ui_locales(rp: RelyingParty) -> None:
    rp.sign_in(ui_locales="se")


def test_oidcc_claims_locales(rp: RelyingParty) -> None:
    rp.claims_of(rp.sign_in(claims_locales="se", scope="openid profile"))


def test_oidcc_ensure_request_with_acr_values_succeeds(rp: RelyingParty) -> None:
    rp.sign_in(acr_values="urn:mace:incommon:iap:silver 1 2")


def test_oidcc_claims_essential(rp: RelyingParty) -> None:
    assert rp.metadata["claims_parameter_supported"] is False
    signed_in = rp.sign_in(claims=json.dumps({"userinfo": {"name": {"essential": True}}}))
    assert rp.claims_of(signed_in) == {"sub": signed_in.claims["sub"]}
    assert "name" not in signed_in.claims


def test_oidcc_ensure_registered_redirect_uri(rp: RelyingParty) -> None:
    for wrong in ("/other", "/callback/", "/callback?a=b", "/Callback"):
        page = rp.browser.open(rp.request(redirect_uri=rp.program.origin + wrong).url)
        assert isinstance(page, Page), page
        assert page.status == 400


def test_oidcc_ensure_post_request_succeeds(rp: RelyingParty) -> None:
    request = rp.request()
    page = rp.browser.post(rp.metadata["authorization_endpoint"], request.fields)
    rp.complete(request, rp.browser.sign_in(page))
    # Somebody who is signed in is not asked again, though no cookie comes with another site's form.
    again = rp.request()
    rp.complete(again, rp.browser.post(rp.metadata["authorization_endpoint"], again.fields))


def test_oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(rp: RelyingParty) -> None:
    assert rp.metadata["request_uri_parameter_supported"] is False
    request = rp.request(request_uri=f"{rp.program.origin}/request.jwt")
    assert rp.error(request, rp.browser.open(request.url)) == "request_uri_not_supported"


def test_oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(rp: RelyingParty) -> None:
    assert rp.metadata["request_parameter_supported"] is False
    plain = rp.request()
    request = rp.request(request=unsigned(plain.fields))
    assert rp.error(request, rp.browser.open(request.url)) == "request_not_supported"


def test_oidcc_ensure_request_object_with_redirect_uri(rp: RelyingParty) -> None:
    given = rp.request(redirect_uri=f"{rp.program.callback}/other").fields
    given["request"] = unsigned(rp.request().fields)
    came = rp.browser.open(f"{rp.metadata['authorization_endpoint']}?{urlencode(given)}")
    assert not isinstance(came, Arrival)
    assert came.status == 400
