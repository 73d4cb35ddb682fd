"""Clients and their secrets."""

import pytest

from portal.tests.fake_backend import API, HOME, HTMX, ORG, Browser

CLIENT = {
    "id": "33333333-3333-3333-3333-333333333333",
    "client_id": "thc_1",
    "name": "Sync",
    "scopes": ["platforms:read"],
    "limits": {"platforms": None},
    "secrets": [],
    "created_at": "2026-01-02T03:04:05Z",
}


@pytest.mark.parametrize("htmx", [True, False])
def test_refused_value_is_shown_with_its_error(signed_in: Browser, htmx: bool) -> None:
    signed_in.backend.refuses(f"POST {API}/clients", 422, "invalid", name="must have 1 to 100 characters")
    form = {"name": "Too <long>", "scopes": "platforms:read", "key": "k"}
    answer = signed_in.http.post(f"{HOME}/clients/new", data=form, headers=HTMX if htmx else {})
    assert answer.status_code == 422
    assert 'id="name-error" role="alert">Must have 1 to 100 characters' in answer.text
    assert "Too &lt;long&gt;" in answer.text
    assert 'value="platforms:read" checked' in answer.text
    assert answer.headers.get("HX-Retarget") == ("#dialog" if htmx else None)
    assert answer.text.startswith("<!doctype") is not htmx


def test_secret_of_a_new_client_is_shown_once(signed_in: Browser) -> None:
    signed_in.backend.answers[f"POST {API}/clients"] = (201, {**CLIENT, "client_secret": "the-secret"})
    signed_in.backend.answers[f"GET {API}/clients/{CLIENT['id']}"] = (200, CLIENT)
    signed_in.backend.lists("/platforms")
    page = signed_in.http.post(f"{HOME}/clients/new", data={"name": "Sync", "key": "k"}).text
    assert "curl -s http://localhost:8080/oauth2/token -u 'thc_1:the-secret'" in page
    assert "the-secret" not in signed_in.http.get(f"{HOME}/clients/{CLIENT['id']}").text


def test_secrets_are_listed_with_last_use_and_expiry(signed_in: Browser) -> None:
    common = {"id": str(ORG), "created_at": CLIENT["created_at"], "first_used": None}
    used = {"at": "2026-02-03T04:05:06Z", "address": "192.0.2.7"}
    secrets = [
        {**common, "name": "old", "expires_at": "2026-01-03T00:00:00Z", "last_used": used},
        {**common, "name": "new", "expires_at": None, "last_used": None},
    ]
    signed_in.backend.answers[f"GET {API}/clients/{CLIENT['id']}"] = (200, {**CLIENT, "secrets": secrets})
    page = signed_in.http.get(f"{HOME}/clients/{CLIENT['id']}").text
    for text in ("from 192.0.2.7", "3 Feb 2026, 04:05 UTC", "Expired", "Never</span>", "Never</td>"):
        assert text in page


def test_list_continues_at_its_cursor(signed_in: Browser) -> None:
    listed = {"items": [CLIENT], "next_cursor": "a/b"}
    signed_in.backend.answers[f"GET {API}/clients"] = (200, listed)
    assert 'href="?cursor=a/b" hx-get="?cursor=a/b"' in signed_in.http.get(f"{HOME}/clients").text
    more = signed_in.http.get(f"{HOME}/clients?cursor=a/b", headers={**HTMX, "HX-Target": "more"})
    assert "HX-Retarget" not in more.headers
    assert '<tbody id="rows">' in more.text
    assert {"cursor": ["a/b"]} in [each["query"] for each in signed_in.backend.asked]


@pytest.mark.parametrize("path", ["remove", f"secrets/{ORG}/end"])
def test_confirmation_deletes_nothing(signed_in: Browser, path: str) -> None:
    signed_in.backend.answers[f"GET {API}/clients/{CLIENT['id']}"] = (200, CLIENT)
    assert signed_in.http.get(f"{HOME}/clients/{CLIENT['id']}/{path}").status_code == 200
    assert signed_in.backend.calls("DELETE") == []


@pytest.mark.parametrize(
    ("path", "called"),
    [
        ("remove", f"{API}/clients/{CLIENT['id']}"),
        (f"secrets/{ORG}/end", f"{API}/clients/{CLIENT['id']}/secrets/{ORG}"),
    ],
)
@pytest.mark.parametrize("status", [204, 404])
def test_confirmed_removal_deletes_what_is_still_there(signed_in: Browser, path: str, called: str, status: int) -> None:
    signed_in.backend.answers[f"DELETE {called}"] = (
        status,
        None if status == 204 else {"code": "not-found", "detail": ""},
    )
    assert signed_in.http.post(f"{HOME}/clients/{CLIENT['id']}/{path}").status_code == 303
    assert signed_in.backend.calls("DELETE") == [called]


def test_refused_removal_is_not_reported_as_done(signed_in: Browser) -> None:
    signed_in.backend.refuses(f"DELETE {API}/clients/{CLIENT['id']}", 403, "missing-permission")
    assert signed_in.http.post(f"{HOME}/clients/{CLIENT['id']}/remove").status_code == 403
