"""The hosted pages: plain forms, as a person without JavaScript or a program sees them."""

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from urllib.parse import quote, urlencode
from uuid import uuid4

import httpx2
import pytest

from identity.service import IdentityService
from identity.tests.container import PASSWORD, PUBLIC_URL, settings
from identity.tests.running_service import RunningIdentity, cookies_given
from testing.servers import Databases
from testing.waiting import wait_until

NEW = "seven herons in the rain"
WRONG = "The e-mail address or the password is wrong."
AUTHORIZE = "/oauth2/authorize?" + urlencode(
    {"client_id": "tradehall-cli", "redirect_uri": "http://127.0.0.1:5000/callback", "scope": "openid"}
)


@pytest.fixture(scope="module")
def service(databases: Databases) -> Iterator[RunningIdentity]:
    """One for all tests here; each brings its own address."""
    with RunningIdentity(settings(databases.of(IdentityService))) as service:
        yield service


@pytest.fixture
def email() -> str:
    return f"{uuid4().hex}@example.com"


class Marks(HTMLParser):
    """What matters of a page: ids, labels, inputs, scripts and where it loads from."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.labelled: set[str] = set()
        self.inputs: list[dict[str, str | None]] = []
        self.tags: list[str] = []
        self.styled = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        self.styled |= "style" in given
        self.ids.add(given.get("id") or "")
        if tag == "label":
            self.labelled.add(given["for"] or "")
        if tag == "input":
            self.inputs.append(given)


def heading(answer: httpx2.Response) -> str:
    found = re.search(r"<h1>(.*?)</h1>", answer.text)
    return unescape(found[1]) if found else ""


def test_a_user_registers_signs_in_and_chooses_a_password(service: RunningIdentity, email: str) -> None:
    browser = service.browser()
    assert heading(browser.post("/register", data={"email": email})) == "Check your mail"
    signed = browser.post("/login", data={"email": email, "password": service.one_time_password(email)})
    assert (signed.status_code, signed.headers["location"]) == (303, "/password/new")
    assert browser.get("/").headers["location"] == "/password/new"
    assert heading(browser.get("/password/new")) == "Choose your password"
    chosen = browser.post("/password/new", data={"password": PASSWORD})
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/")
    assert email in browser.get("/").text
    assert service.user(email).verified


@pytest.mark.parametrize("path", ["/", "/register", "/login", "/logout", "/password/forgot", "/password/reset/x"])
def test_every_page_is_plain_strict_and_labelled(service: RunningIdentity, path: str) -> None:
    answer = service.browser().get(path)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    marks = Marks(answer.text)
    assert not marks.styled
    assert not re.search("<script[^>]*>[^<]", answer.text)
    shown = [each for each in marks.inputs if each.get("type") != "hidden" and "hidden" not in each]
    assert all(each["id"] in marks.labelled and each["autocomplete"] for each in shown)


def test_an_error_is_shown_and_announced_with_its_field(service: RunningIdentity) -> None:
    answer = service.browser().post("/register", data={"email": '<script>"x"'})
    assert answer.status_code == 422
    marks = Marks(answer.text)
    (field,) = (each for each in marks.inputs if each["name"] == "email")
    assert field["aria-invalid"] == "true"
    assert set((field["aria-describedby"] or "").split()) <= marks.ids
    assert 'role="alert"' in answer.text
    assert not re.search("<script[^>]*>[^<]", answer.text)


def test_static_files_are_immutable(service: RunningIdentity) -> None:
    page = service.browser().get("/login").text
    for path in re.findall(r'href="(/static/[^"]+)"', page):
        answer = service.browser().get(path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert service.browser().get("/static/..%2fcookies.py").status_code == 404


def test_known_and_unknown_addresses_get_one_answer(service: RunningIdentity, email: str) -> None:
    service.signed_in(email)
    unknown = f"{uuid4().hex}@example.com"
    for path in ("/register", "/password/forgot", "/login"):
        answers = [
            service.browser().post(path, data={"email": each, "password": "not this one"}) for each in (email, unknown)
        ]
        known_page, unknown_page = (
            answer.text.replace(each, "") for answer, each in zip(answers, (email, unknown), strict=True)
        )
        assert known_page == unknown_page
        assert answers[0].status_code == answers[1].status_code


def test_a_failed_sign_in_does_not_say_what_was_wrong(service: RunningIdentity, email: str) -> None:
    answer = service.browser().post("/login", data={"email": email, "password": "x"})
    assert answer.status_code == 422
    assert WRONG in answer.text
    assert "set-cookie" not in answer.headers or "tradehall=" not in answer.headers["set-cookie"]


def test_a_used_one_time_password_is_explained(service: RunningIdentity, email: str) -> None:
    browser = service.browser()
    browser.post("/register", data={"email": email})
    form = {"email": email, "password": service.one_time_password(email)}
    browser.post("/login", data=form)
    assert "Register again" in service.browser().post("/login", data=form).text


def test_the_session_cookie_is_not_for_scripts(service: RunningIdentity, email: str) -> None:
    browser = service.browser()
    browser.post("/register", data={"email": email})
    answer = browser.post("/login", data={"email": email, "password": service.one_time_password(email)})
    cookie = cookies_given(answer)["tradehall"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie


def test_over_tls_the_cookie_is_bound_to_the_host(databases: Databases, email: str) -> None:
    dsn = databases.of(IdentityService)
    with RunningIdentity(settings(dsn, public_url="https://tradehall.test")) as service:
        browser = service.browser()
        browser.post("/register", data={"email": email})
        answer = browser.post("/login", data={"email": email, "password": service.one_time_password(email)})
        cookie = cookies_given(answer)["__Host-tradehall"].lower()
        assert "; secure" in cookie
        assert "path=/" in cookie
        assert "domain" not in cookie
        assert answer.headers["location"] == "/password/new"
        assert heading(browser.get("/password/new")) == "Choose your password"


def test_get_changes_nothing(service: RunningIdentity, email: str) -> None:
    browser = service.signed_in(email)
    browser.post("/password/forgot", data={"email": email})
    reset = service.reset_path(email)
    before = service.user(email).version
    for path in ("/logout", "/register?email=x@example.com", reset, reset, "/password/new"):
        assert browser.get(path).status_code == 200
    assert service.user(email).version == before
    assert email in browser.get("/").text


def test_signing_out_ends_the_session(service: RunningIdentity, email: str) -> None:
    browser = service.signed_in(email)
    cookie = browser.cookies["tradehall"]
    assert heading(browser.get("/logout")) == "Sign out?"
    assert heading(browser.post("/logout")) == "You are signed out"
    assert service.parts.sessions.find(cookie) is None
    assert heading(browser.get("/")) == "Welcome"


def test_a_forgotten_password_is_set_by_the_link_once(service: RunningIdentity, email: str) -> None:
    browser = service.signed_in(email)
    browser.post("/password/forgot", data={"email": email})
    path = service.reset_path(email)
    assert browser.post(path, data={"password": "short"}).status_code == 422
    assert heading(browser.post(path, data={"password": NEW})) == "Your password is set"
    assert heading(browser.get("/")) == "Welcome"
    spent = browser.get(path)
    assert (spent.status_code, heading(spent)) == (410, "This link is no longer valid")
    assert browser.post(path, data={"password": NEW}).status_code == 410
    assert browser.post("/login", data={"email": email, "password": PASSWORD}).status_code == 422
    assert browser.post("/login", data={"email": email, "password": NEW}).status_code == 303


def test_a_password_is_changed_with_the_current_one(service: RunningIdentity, email: str) -> None:
    browser = service.signed_in(email)
    wrong = browser.post("/password/new", data={"current_password": "no", "password": NEW})
    assert wrong.status_code == 422
    assert "This is not your current password." in wrong.text
    right = browser.post("/password/new", data={"current_password": PASSWORD, "password": NEW})
    assert right.status_code == 303
    assert email in browser.get("/").text


def test_nobody_chooses_a_password_without_signing_in(service: RunningIdentity) -> None:
    for answer in (service.browser().get("/password/new"), service.browser().post("/password/new")):
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")


def test_signing_in_continues_to_the_requested_page(service: RunningIdentity, email: str) -> None:
    service.signed_in(email)
    browser = service.browser()
    page = browser.get(f"/login?next={quote(AUTHORIZE, safe='')}")
    (kept,) = (each["value"] for each in Marks(page.text).inputs if each["name"] == "next")
    assert kept == AUTHORIZE
    answer = browser.post("/login", data={"email": email, "password": PASSWORD, "next": kept})
    assert answer.headers["location"] == AUTHORIZE


def test_a_one_time_password_leads_to_a_new_password_and_then_on(service: RunningIdentity, email: str) -> None:
    browser = service.browser()
    browser.post("/register", data={"email": email})
    form = {"email": email, "password": service.one_time_password(email), "next": "/invitations/abc"}
    then = browser.post("/login", data=form).headers["location"]
    assert then == "/password/new?next=%2Finvitations%2Fabc"
    (kept,) = (each["value"] for each in Marks(browser.get(then).text).inputs if each["name"] == "next")
    assert browser.post("/password/new", data={"password": PASSWORD, "next": kept}).headers["location"] == kept


@pytest.mark.parametrize(
    "next",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/invitations/../../logout",
        "/oauth2/authorize?x\r\nSet-Cookie: a=b",
        "/oauth2/authorize@evil.example",
        "javascript:alert(1)",
        "/invitations/a?b",
        "\x00",
    ],
)
def test_signing_in_never_redirects_to_another_site(service: RunningIdentity, email: str, next: str) -> None:
    service.signed_in(email)
    answer = service.browser().post("/login", data={"email": email, "password": PASSWORD, "next": next})
    assert answer.headers["location"] == "/"


def test_form_action_allows_only_the_registered_address(service: RunningIdentity) -> None:
    def policy(client_id: str, redirect_uri: str) -> str:
        query = urlencode({"client_id": client_id, "redirect_uri": redirect_uri})
        page = service.browser().get("/login", params={"next": f"/oauth2/authorize?{query}"})
        return str(page.headers["content-security-policy"]).rpartition("form-action ")[2]

    assert policy("tradehall-cli", "http://127.0.0.1:5000/callback") == "'self' http://127.0.0.1:5000"
    assert policy("tradehall-cli", "https://evil.example/callback") == "'self'"
    assert policy("unknown", "http://127.0.0.1:5000/callback") == "'self'"
    assert policy("tradehall-cli", "http://127.0.0.1:5000;script-src *") == "'self'"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": PUBLIC_URL}, 403),
        ({"Origin": PUBLIC_URL}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "null", "Cookie": "tradehall-form=1"}, 200),
    ],
)
def test_forms_of_other_sites_are_refused(service: RunningIdentity, headers: dict[str, str], status: int) -> None:
    form = {"email": f"{uuid4().hex}@example.com"}
    answer = service.browser().post("/register", data=form, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")


def test_signing_in_as_another_user_revokes_the_session_before(service: RunningIdentity, email: str) -> None:
    browser = service.signed_in(email)
    cookie = browser.cookies["tradehall"]
    other = f"{uuid4().hex}@example.com"
    service.signed_in(other)
    browser.post("/login", data={"email": other, "password": PASSWORD})
    assert service.parts.sessions.find(cookie) is None
    assert other in browser.get("/").text


def test_the_form_shows_which_domains_may_register(databases: Databases, email: str) -> None:
    dsn = databases.of(IdentityService)
    with RunningIdentity(settings(dsn, registration="broker.example,münchen.de")) as service:
        assert "broker.example" in service.browser().get("/register").text
        service.browser().post("/register", data={"email": email})
        service.browser().post("/register", data={"email": "ann@broker.example"})
        assert service.user("ann@broker.example").email == "ann@broker.example"
        assert service.parts.views.credentials(email) is None


def test_by_invitation_there_is_no_form(databases: Databases) -> None:
    dsn = databases.of(IdentityService)
    with RunningIdentity(settings(dsn, registration="invited")) as service:
        page = service.browser().get("/register")
        assert heading(page) == "Registration is by invitation"
        assert "<form" not in page.text


def test_without_the_bus_an_invitation_is_unavailable(service: RunningIdentity) -> None:
    answer = service.browser().get("/invitations/abc")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert answer.headers["content-type"].startswith("text/html")


def test_a_malformed_form_is_refused_with_a_page(service: RunningIdentity) -> None:
    answer = service.browser().post("/login", files={"email": ("a.txt", b"x")})
    assert answer.status_code == 400
    assert "<h1>" in answer.text


def test_a_huge_form_is_refused(service: RunningIdentity) -> None:
    answer = service.browser().post("/login", data={"email": "x" * 1_100_000})
    assert answer.status_code == 413


def test_invalid_utf8_is_a_wrong_password(service: RunningIdentity) -> None:
    answer = service.browser().post(
        "/login",
        content=b"email=%ff%fe&password=%00%ff&next=%ff",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 422
    assert WRONG in answer.text


def test_the_event_of_a_sign_in_names_user_and_request(service: RunningIdentity, email: str) -> None:
    service.signed_in(email)
    request_id = uuid4().hex
    form = {"email": email, "password": PASSWORD}
    service.browser().post("/login", data=form, headers={"X-Request-Id": request_id})
    events = wait_until(
        lambda: [e.event for e in service.parts.store.read(0, 10_000) if e.event.correlation == request_id]
    )
    assert [event.by for event in events] == [str(service.user(email).id)]
