"""The provider as openid-client and oauth4webapi see it; what they find amiss ends their scripts."""

from typing import Any

import pytest

from testing.driver import CALLBACK, CLI, SystemDriver, UserDriver
from testing.programs import Programs
from tests.conformance.browser import Arrival, Browser, Page
from tests.conformance.node import run


@pytest.fixture
def known(driver: SystemDriver, programs: Programs, ada: UserDriver) -> dict[str, Any]:
    """The environment of the scripts: a program in which users sign in, and a client of Ada's organization."""
    body = {"name": "Risk engine", "scopes": ["events:read", "platforms:read"]}
    made = ada.api("POST", f"/organizations/{ada.organization}/clients", json=body)
    assert made.status_code == 201, made.text
    return {
        "issuer": driver.url,
        "program": {
            "client_id": programs.first.client_id,
            "client_secret": programs.first.client_secret,
            "redirect_uri": programs.first.callback,
            "signed_out_uri": programs.first.signed_out,
        },
        "command_line": {"client_id": CLI, "redirect_uri": CALLBACK},
        "client": {name: made.json()[name] for name in ("client_id", "client_secret")},
    }


def browsing(browser: Browser) -> Any:
    def browse(url: str) -> str:
        came = browser.open(url)
        if isinstance(came, Page):
            came = browser.sign_in(came)
        assert isinstance(came, Arrival), came
        return came.url

    return browse


def test_openid_client(known: dict[str, Any], browser: Browser, ada: UserDriver, programs: Programs) -> None:
    seen = run("openid-client.mjs", known, browsing(browser))
    for way in ("basic", "post"):
        life = seen[way]
        assert life["person"] == {
            "sub": ada.id,
            "name": "Ada Lovelace",
            "email": ada.email,
            "email_verified": True,
        }
        assert life["claims"]["sub"] == life["subject_after_refresh"] == ada.id
        assert life["rotated"]
        assert life["introspected"]["active"]
        assert life["introspected"]["client_id"] == programs.first.client_id
        assert life["active_afterwards"] is False
        assert life["refresh_afterwards"] == "invalid_grant"
    assert seen["refused"] == "invalid_scope"
    assert seen["signed_out"] == f"{programs.first.signed_out}?state=over"
    assert seen["nobody"] == "login_required"
    client = seen["client"]
    assert (client["scope"], client["expires_in"]) == ("events:read", 3600)
    assert client["introspected"]["sub"] == known["client"]["client_id"]
    assert client["introspected"]["org"] == ada.organization
    assert client["too_much"] == "invalid_scope"
    assert client["active_afterwards"] is False


def test_oauth4webapi(known: dict[str, Any], browser: Browser, ada: UserDriver) -> None:
    seen = run("oauth4webapi.mjs", known, browsing(browser))
    assert seen["same_metadata"]
    for kind in ("confidential", "public"):
        life = seen[kind]
        assert life["person"] == {"sub": ada.id, "email": ada.email, "email_verified": True}
        assert life["claims"]["sub"] == life["access"]["sub"] == ada.id
        assert life["rotated"]
        assert life["refresh_afterwards"] == "invalid_grant"
    assert seen["refused"] == "unsupported_response_type"
    assert seen["client"]["scope"] == "events:read"
    assert seen["client"]["introspected"]["active"]
    assert seen["client"]["active_afterwards"] is False
    assert seen["wrong_secret"] == "basic"
