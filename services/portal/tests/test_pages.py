"""What pages and forms do, whatever the interface answers."""

import json
import re

import pytest

from portal.tests.hall import ORG, USER, Browser

HOME = f"/portal/organizations/{ORG}"
API = f"/organizations/{ORG}"
HTMX = {"HX-Request": "true", "HX-Current-URL": f"http://localhost:8080{HOME}/clients"}
CLIENT = {
    "id": "33333333-3333-3333-3333-333333333333",
    "client_id": "thc_1",
    "name": "Sync",
    "scopes": ["platforms:read"],
    "limits": {"platforms": None},
    "secrets": [],
    "created_at": "2026-01-02T03:04:05Z",
}
MEMBER = {
    "user_id": str(USER),
    "email": "ada@broker.example",
    "name": "<Ada>",
    "role": "administrator",
    "permissions": ["members:read"],
    "limits": {"platforms": None},
    "joined_at": "2026-01-02T03:04:05Z",
}


@pytest.fixture
def signed_in(browser: Browser) -> Browser:
    return browser.sign_in()


def test_pages_allow_nothing_but_our_own_files(signed_in: Browser) -> None:
    page = signed_in.http.get(HOME)
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["Cache-Control"] == "no-store"
    assert not re.search(r" style=| on[a-z]+=|<script>|<style", page.text)
    for address in re.findall(r'(?:href|src)="(/portal/static/[^"]+)"', page.text):
        asset = signed_in.http.get(address)
        assert "immutable" in asset.headers["Cache-Control"]
        assert asset.headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("path", ["/sign-out", "/organizations/new", f"/organizations/{ORG}/delete", "/profile/name"])
def test_a_form_of_another_site_is_refused(signed_in: Browser, path: str) -> None:
    answer = signed_in.http.post(f"/portal{path}", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert all(each["method"] == "GET" for each in signed_in.hall.asked if each["path"].startswith("/api"))


def test_what_people_have_named_is_text_and_no_markup(signed_in: Browser) -> None:
    signed_in.hall.lists("/members", MEMBER)
    signed_in.hall.lists("/invitations")
    page = signed_in.http.get(f"{HOME}/users").text
    assert "&lt;Ada&gt;" in page
    assert "<Ada>" not in page


def test_a_form_answers_with_a_redirect_or_for_htmx_with_the_same_page_as_a_fragment(signed_in: Browser) -> None:
    signed_in.hall.answers[f"PATCH {API}"] = (200, {**signed_in.hall.organization, "name": "New"})
    plain = signed_in.http.post(f"{HOME}/rename", data={"name": "New"})
    assert (plain.status_code, plain.headers["location"]) == (303, "/portal/organizations")
    assert "now called “New”" in signed_in.http.get("/portal/organizations").text
    assert "now called" not in signed_in.http.get("/portal/organizations").text
    signed_in.http.post(f"{HOME}/rename", data={"name": "New"})
    fragment = signed_in.http.get("/portal/organizations", headers=HTMX)
    assert fragment.headers["HX-Retarget"] == "#app"
    assert fragment.headers["HX-Push-Url"] == "/portal/organizations"
    assert fragment.text.startswith("<title>")
    assert "now called “New”" in fragment.text


@pytest.mark.parametrize("htmx", [True, False])
def test_a_refused_value_stands_beside_its_field_with_what_was_typed(signed_in: Browser, htmx: bool) -> None:
    signed_in.hall.refuses(f"POST {API}/clients", 422, "invalid", name="must have 1 to 100 characters")
    form = {"name": "Too <long>", "scopes": "platforms:read", "key": "k"}
    answer = signed_in.http.post(f"{HOME}/clients/new", data=form, headers=HTMX if htmx else {})
    assert answer.status_code == 422
    assert 'id="name-error" role="alert">Must have 1 to 100 characters' in answer.text
    assert "Too &lt;long&gt;" in answer.text
    assert 'value="platforms:read" checked' in answer.text
    assert answer.headers.get("HX-Retarget") == ("#dialog" if htmx else None)
    assert answer.text.startswith("<!doctype") is not htmx


def test_what_fits_no_field_is_told_for_the_form_as_a_whole_in_our_words(signed_in: Browser) -> None:
    signed_in.hall.refuses(f"DELETE {API}/members/me", 409, "last-administrator")
    answer = signed_in.http.post(f"{HOME}/leave")
    assert "An organization always has at least one administrator" in answer.text


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (403, "missing-permission", "You may not do this"),
        (404, "not-found", "This page does not exist"),
        (429, "too-many-requests", "That was a lot at once"),
        (503, "service-unavailable", "does not answer"),
    ],
)
def test_a_refused_page_says_what_is_the_matter(signed_in: Browser, status: int, code: str, told: str) -> None:
    signed_in.hall.refuses(f"GET {API}/clients", status, code)
    page = signed_in.http.get(f"{HOME}/clients")
    assert page.status_code == status
    assert told in page.text
    dialog = signed_in.http.get(f"{HOME}/clients", headers=HTMX)
    assert dialog.headers["HX-Retarget"] == "#dialog"


def test_an_organization_that_the_person_is_not_in_does_not_exist(signed_in: Browser) -> None:
    assert signed_in.http.get("/portal/organizations/44444444-4444-4444-4444-444444444444").status_code == 404
    assert signed_in.http.get("/portal/organizations/none").status_code == 404
    assert signed_in.http.get("/portal/nothing").status_code == 404


def test_deleting_takes_the_name_typed(signed_in: Browser) -> None:
    signed_in.hall.answers[f"DELETE {API}"] = (204, None)
    refused = signed_in.http.post(f"{HOME}/delete", data={"typed": "acme"})
    assert "not the organization&#39;s name" in refused.text
    assert signed_in.http.post(f"{HOME}/delete", data={"typed": " Acme "}).status_code == 303
    assert [each["method"] for each in signed_in.hall.asked].count("DELETE") == 1


def test_several_addresses_are_invited_each_with_a_result(signed_in: Browser) -> None:
    def invited(asked: dict[str, object]) -> tuple[int, object]:
        email = json.loads(str(asked["body"]))["email"]
        if email == "known@b.example":
            return 409, {"code": "already-member", "detail": ""}
        return 201, {"id": str(USER), "email": email}

    signed_in.hall.answers[f"POST {API}/invitations"] = invited
    signed_in.hall.lists("/platforms")
    form = {"emails": "a@b.example, known@b.example; a@b.example", "role": "viewer", "key": "k"}
    page = signed_in.http.post(f"{HOME}/users/invite", data=form).text
    assert page.count("<li><span") == 2
    assert "This person is a member already." in page
    assert ">known@b.example</textarea>" in page
    keys = {
        each["headers"]["Idempotency-Key"]
        for each in signed_in.hall.asked
        if each["method"] == "POST" and "Idempotency-Key" in each["headers"]
    }
    assert len(keys) == 2


def test_the_last_administrator_is_told_why_they_stay(signed_in: Browser) -> None:
    signed_in.hall.lists("/members", MEMBER)
    assert "is the only administrator" in signed_in.http.get(f"{HOME}/users/{USER}/remove").text


def test_a_created_client_shows_its_secret_and_a_curl_line_once(signed_in: Browser) -> None:
    signed_in.hall.answers[f"POST {API}/clients"] = (201, {**CLIENT, "client_secret": "the-secret"})
    signed_in.hall.answers[f"GET {API}/clients/{CLIENT['id']}"] = (200, CLIENT)
    signed_in.hall.lists("/platforms")
    page = signed_in.http.post(f"{HOME}/clients/new", data={"name": "Sync", "key": "k"}).text
    assert "curl -s http://localhost:8080/oauth2/token -u 'thc_1:the-secret'" in page
    assert "the-secret" not in signed_in.http.get(f"{HOME}/clients/{CLIENT['id']}").text


def test_secrets_are_listed_with_their_last_use_and_expiry(signed_in: Browser) -> None:
    common = {"id": str(ORG), "created_at": CLIENT["created_at"], "first_used": None}
    used = {"at": "2026-02-03T04:05:06Z", "address": "192.0.2.7"}
    secrets = [
        {**common, "name": "old", "expires_at": "2026-01-03T00:00:00Z", "last_used": used},
        {**common, "name": "new", "expires_at": None, "last_used": None},
    ]
    signed_in.hall.answers[f"GET {API}/clients/{CLIENT['id']}"] = (200, {**CLIENT, "secrets": secrets})
    page = signed_in.http.get(f"{HOME}/clients/{CLIENT['id']}").text
    for told in ("from 192.0.2.7", "3 Feb 2026, 04:05 UTC", "Expired", "Not yet", "Never"):
        assert told in page


def test_the_trail_is_filtered_and_shows_what_differs(signed_in: Browser) -> None:
    entry = {
        "id": str(ORG),
        "time": "2026-01-02T03:04:05Z",
        "actor": str(USER),
        "type": "OrgRenamed",
        "target": str(ORG),
        "summary": "Renamed the organization",
        "before": {"name": "Old", "kept": 1},
        "after": {"name": "New", "kept": 1},
        "request_id": "r1",
    }
    signed_in.hall.lists("/audit", entry)
    signed_in.hall.lists("/members", MEMBER)
    query = {"actor": str(USER), "kind": "OrgRenamed", "since": "2026-01-01", "until": "2026-01-31"}
    page = signed_in.http.get(f"{HOME}/activity", params=query).text
    assert "<del>Old</del>" in page
    assert "<ins>New</ins>" in page
    assert "kept" not in page
    asked = next(each["query"] for each in signed_in.hall.asked if each["path"].endswith("/audit"))
    assert asked["after"] == ["2025-12-31T23:59:59.999999Z"]
    assert asked["before"] == ["2026-02-01T00:00:00Z"]
    assert asked["type"] == ["OrgRenamed"]


def test_a_long_list_goes_on_where_it_ended_as_a_page_or_for_htmx_in_place(signed_in: Browser) -> None:
    listed = {"items": [CLIENT], "next_cursor": "a/b"}
    signed_in.hall.answers[f"GET {API}/clients"] = (200, listed)
    assert 'href="?cursor=a/b" hx-get="?cursor=a/b"' in signed_in.http.get(f"{HOME}/clients").text
    more = signed_in.http.get(f"{HOME}/clients?cursor=a/b", headers={**HTMX, "HX-Target": "more"})
    assert "HX-Retarget" not in more.headers
    assert '<tbody id="rows">' in more.text
    assert {"cursor": ["a/b"]} in [each["query"] for each in signed_in.hall.asked]


def test_users_go_on_from_members_to_invitations(signed_in: Browser) -> None:
    invitation = {**MEMBER, "id": str(ORG), "email": "new@broker.example", "status": "pending"}
    signed_in.hall.answers[f"GET {API}/members"] = (200, {"items": [MEMBER], "next_cursor": "m2"})
    first = signed_in.http.get(f"{HOME}/users").text
    assert "cursor=members%3Am2" in first
    signed_in.hall.lists("/members", MEMBER)
    signed_in.hall.lists("/invitations", {**invitation, "expires_at": MEMBER["joined_at"]})
    assert "new@broker.example" in signed_in.http.get(f"{HOME}/users?cursor=members:m2").text
    assert "&lt;Ada&gt;" not in signed_in.http.get(f"{HOME}/users?cursor=invitations:i2").text


def test_a_password_that_was_refused_is_not_shown_again(signed_in: Browser) -> None:
    platform = {
        "id": str(USER),
        "name": "Live",
        "kind": "mt5",
        "api": "mt5-webapi",
        "api_credentials": None,
        "db_credentials": None,
    }
    signed_in.hall.answers[f"GET {API}/platforms/{USER}"] = (200, platform)
    signed_in.hall.refuses(f"PUT {API}/platforms/{USER}/api-credentials", 422, "invalid", port="must be a number")
    form = {"host": "mt5.example", "port": "x", "login": "1", "password": "correct-horse"}
    page = signed_in.http.post(f"{HOME}/platforms/{USER}/credentials/api", data=form)
    assert page.status_code == 422
    assert "Must be a number" in page.text
    assert "mt5.example" in page.text
    assert "correct-horse" not in page.text
