"""Modules of the RP-initiated logout certification plan."""

import json
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.conformance.browser import Arrival, Page
from tests.conformance.relying_party import RelyingParty, SignedIn

STATE = secrets.token_urlsafe(96)  # 128 characters


@pytest.fixture
def signed_in(client: RelyingParty) -> SignedIn:
    return client.sign_in()


def is_signed_out(client: RelyingParty) -> bool:
    """As the program learns it: nobody is signed in any more."""
    request = client.request(prompt="none")
    came = client.browser.open(request.url)
    answer = client.answer(request, came)
    assert answer.get("error", "login_required") == "login_required"
    return "error" in answer


def tampered(id_token: str) -> str:
    """Good for an hour longer, with the signature that it had; all else of it is as it was."""
    header, encoded, signature = id_token.split(".")
    claims = json.loads(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    changed = json.dumps(claims | {"exp": claims["exp"] + 3600}).encode()
    return f"{header}.{urlsafe_b64encode(changed).rstrip(b'=').decode()}.{signature}"


def stays_here(came: Any) -> Page:
    """No program is visited: the page says what is wrong, or asks."""
    assert isinstance(came, Page), came
    assert came.status in (200, 400)
    return came


def test_oidcc_rp_initiated_logout_discovery_endpoint_verification(client: RelyingParty) -> None:
    assert client.metadata["end_session_endpoint"].startswith(f"{client.metadata['issuer']}/")


def test_oidcc_rp_initiated_logout(client: RelyingParty, signed_in: SignedIn) -> None:
    url = client.logout_url(
        id_token_hint=signed_in.id_token, post_logout_redirect_uri=client.program.signed_out, state=STATE
    )
    came = client.browser.open(url)
    assert isinstance(came, Arrival), came
    assert came.address == client.program.signed_out
    assert came.parameters == {"state": STATE}
    assert is_signed_out(client)


def test_oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(client: RelyingParty, signed_in: SignedIn) -> None:
    for wrong in ("/signed-out/", "/elsewhere", "/callback", "/signed-out?a=b"):
        uri = client.program.origin + wrong
        url = client.logout_url(id_token_hint=signed_in.id_token, post_logout_redirect_uri=uri, state=STATE)
        assert stays_here(client.browser.open(url)).status == 400
    assert not is_signed_out(client)


def test_oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri(
    client: RelyingParty, signed_in: SignedIn
) -> None:
    uri = f"{client.program.signed_out}?foo=bar"
    url = client.logout_url(id_token_hint=signed_in.id_token, post_logout_redirect_uri=uri, state=STATE)
    assert stays_here(client.browser.open(url)).status == 400
    assert not is_signed_out(client)


def test_oidcc_rp_initiated_logout_modified_id_token_hint(client: RelyingParty, signed_in: SignedIn) -> None:
    url = client.logout_url(
        id_token_hint=tampered(signed_in.id_token), post_logout_redirect_uri=client.program.signed_out, state=STATE
    )
    assert stays_here(client.browser.open(url)).status == 400
    assert not is_signed_out(client)


def test_oidcc_rp_initiated_logout_bad_id_token_hint(client: RelyingParty, signed_in: SignedIn) -> None:
    now = int(time.time())
    theirs = jwt.encode(
        {"alg": "RS256", "typ": "JWT"}, signed_in.claims | {"iat": now, "exp": now + 600}, RSAKey.generate_key(2048)
    )
    url = client.logout_url(id_token_hint=theirs, post_logout_redirect_uri=client.program.signed_out, state=STATE)
    assert stays_here(client.browser.open(url)).status == 400
    assert not is_signed_out(client)


def test_oidcc_rp_initiated_logout_no_id_token_hint(client: RelyingParty, signed_in: SignedIn) -> None:
    url = client.logout_url(post_logout_redirect_uri=client.program.signed_out, state=STATE)
    stays_here(client.browser.open(url))
    assert not is_signed_out(client)


@pytest.mark.usefixtures("signed_in")
def test_without_a_hint_the_user_confirms_and_is_redirected(client: RelyingParty) -> None:
    url = client.logout_url(
        client_id=client.program.client_id, post_logout_redirect_uri=client.program.signed_out, state=STATE
    )
    question = stays_here(client.browser.open(url))
    assert not is_signed_out(client)
    came = client.browser.submit(question)
    assert isinstance(came, Arrival), came
    assert came.parameters == {"state": STATE}
    assert is_signed_out(client)


def ends_here(client: RelyingParty, url: str) -> None:
    """The person says yes, is signed out, and stays at Tradehall."""
    page = stays_here(client.browser.open(url))
    if page.form is not None:
        page = stays_here(client.browser.submit(page))
    assert page.status == 200
    assert is_signed_out(client)


@pytest.mark.usefixtures("signed_in")
def test_oidcc_rp_initiated_logout_no_params(client: RelyingParty) -> None:
    ends_here(client, client.metadata["end_session_endpoint"])


def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(client: RelyingParty, signed_in: SignedIn) -> None:
    ends_here(client, client.logout_url(id_token_hint=signed_in.id_token, state=STATE))


def test_oidcc_rp_initiated_logout_no_state(client: RelyingParty, signed_in: SignedIn) -> None:
    url = client.logout_url(id_token_hint=signed_in.id_token, post_logout_redirect_uri=client.program.signed_out)
    came = client.browser.open(url)
    assert isinstance(came, Arrival), came
    assert came.url == client.program.signed_out
    assert is_signed_out(client)


@pytest.mark.usefixtures("signed_in")
def test_oidcc_rp_initiated_logout_only_state(client: RelyingParty) -> None:
    ends_here(client, client.logout_url(state=STATE))
