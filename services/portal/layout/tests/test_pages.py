"""Every page: its headers, forms, notices and refusals."""

import re

import pytest

from portal.tests.fake_backend import API, HOME, HTMX, ORG, Browser


def test_pages_load_only_own_files(signed_in: Browser) -> None:
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
def test_cross_site_form_is_rejected(signed_in: Browser, path: str) -> None:
    answer = signed_in.http.post(f"/portal{path}", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert all(each["method"] == "GET" for each in signed_in.backend.asked if each["path"].startswith("/api"))


def test_form_redirects_to_a_page_with_a_notice(signed_in: Browser) -> None:
    signed_in.backend.answers[f"PATCH {API}"] = (200, {**signed_in.backend.organization, "name": "New"})
    plain = signed_in.http.post(f"{HOME}/rename", data={"name": "New"})
    assert (plain.status_code, plain.headers["location"]) == (303, "/portal/organizations")
    assert "renamed to “New”" in signed_in.http.get("/portal/organizations").text
    assert "renamed to" not in signed_in.http.get("/portal/organizations").text
    signed_in.http.post(f"{HOME}/rename", data={"name": "New"})
    fragment = signed_in.http.get("/portal/organizations", headers=HTMX)
    assert fragment.headers["HX-Retarget"] == "#app"
    assert fragment.headers["HX-Push-Url"] == "/portal/organizations"
    assert fragment.text.startswith("<title>")
    assert "renamed to “New”" in fragment.text


@pytest.mark.parametrize(
    ("status", "code", "title"),
    [
        (403, "missing-permission", "Permission denied"),
        (404, "not-found", "Page not found"),
        (409, "already-member", "This user is already a member."),
        (429, "too-many-requests", "Too many requests"),
        (503, "service-unavailable", "Service unavailable"),
    ],
)
def test_refusal_of_the_api_is_a_page(signed_in: Browser, status: int, code: str, title: str) -> None:
    signed_in.backend.refuses(f"GET {API}/clients", status, code)
    page = signed_in.http.get(f"{HOME}/clients")
    assert page.status_code == status
    assert title in page.text
    dialog = signed_in.http.get(f"{HOME}/clients", headers=HTMX)
    assert dialog.headers["HX-Retarget"] == "#dialog"


def test_page_of_a_foreign_organization_is_missing(signed_in: Browser) -> None:
    assert signed_in.http.get("/portal/organizations/44444444-4444-4444-4444-444444444444").status_code == 404
    assert signed_in.http.get("/portal/organizations/none").status_code == 404
    assert signed_in.http.get("/portal/nothing").status_code == 404


@pytest.mark.parametrize(
    "notice",
    [
        {"text": "profile.session_ended", "values": {}},
        {"text": "users.changed", "values": {"who": "Ada"}},
    ],
    ids=["unknown text", "unknown value"],
)
def test_notice_of_another_release_is_skipped(signed_in: Browser, notice: dict[str, object]) -> None:
    signed_in.set_notice(notice)
    page = signed_in.http.get("/portal/organizations")
    assert page.status_code == 200
    assert 'class="alert' not in page.text
