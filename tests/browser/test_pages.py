"""Every page on three widths of screen, light and dark: pictures to look at, and nothing that axe-core objects to."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal
from uuid import uuid4

import psycopg
import pytest
from fastapi.routing import APIRoute
from playwright.sync_api import Browser
from pydantic import SecretStr

from portal.service import PortalService, build
from portal.settings import Settings
from testing.driver import SystemDriver, UserDriver, address
from testing.servers import Databases
from testing.service import settings_of
from tests.browser.browser_user import PASSWORD, BrowserUser, browser_user

WIDTHS = (390, 768, 1440)
SCHEMES: dict[Literal["dark", "light"], tuple[str, ...]] = {
    "dark": ("color-contrast", "link-in-text-block"),
    "light": (),
}
"""With the rules of axe-core that are checked; none for all. The last is what the next page is opened in."""
STRANGERS_PAGES = {"start": "/", "register": "/register", "sign-in": "/login", "forgot": "/password/forgot"}
PAGES = {
    "overview": "",
    "platforms": "/platforms",
    "platform-new": "/platforms/new",
    "users": "/users",
    "users-invite": "/users/invite",
    "clients": "/clients",
    "client-new": "/clients/new",
    "activity": "/activity",
}
_BEHIND = "waits behind an earlier message"
DETAILS = {"client": ("clients", "Back office sync"), "platform": ("platforms", "MT5 Live")}
OWN_PAGES = {
    "organizations": "/portal/organizations",
    "organization-new": "/portal/organizations/new",
    "profile": "/portal/profile",
    "operations": "/portal/operations",
    "operations-service": "/portal/operations/organizations",
    "operations-discard": "/portal/operations/organizations",
    "operations-record": "/portal/operations/organizations/record",
    "operations-mails": "/portal/operations/mails",
    "missing": "/portal/organizations/00000000-0000-0000-0000-000000000000",
}
_ORG = "/portal/organizations/{org}"
_CONFIRMATION, _FORM = "a confirmation, as operations-discard is", "the form of another page, with values"
OTHER_ROUTES = {
    "/portal": "redirects to an organization",
    "/portal/sign-in": "redirects to the provider",
    "/portal/callback": "redirects to a page",
    "/portal/{path:path}": "the page `missing`",
    f"{_ORG}/activity/export": "a file",
    f"{_ORG}/clients/{{id}}/edit": _FORM,
    f"{_ORG}/clients/{{id}}/remove": _CONFIRMATION,
    f"{_ORG}/clients/{{id}}/secrets/new": "a form like `client-new`",
    f"{_ORG}/clients/{{id}}/secrets/{{secret}}/end": _CONFIRMATION,
    f"{_ORG}/delete": _CONFIRMATION,
    f"{_ORG}/leave": _CONFIRMATION,
    f"{_ORG}/platforms/{{platform}}/credentials/{{target}}": "the dialog `dialog-database`",
    f"{_ORG}/platforms/{{platform}}/credentials/{{target}}/remove": _CONFIRMATION,
    f"{_ORG}/platforms/{{platform}}/edit": _FORM,
    f"{_ORG}/platforms/{{platform}}/look": "a part of the page `platform`",
    f"{_ORG}/platforms/{{platform}}/remove": _CONFIRMATION,
    f"{_ORG}/users/invitations/{{id}}/revoke": _CONFIRMATION,
    f"{_ORG}/users/{{user}}/remove": _CONFIRMATION,
    f"{_ORG}/users/{{user}}/rights": _FORM,
}
"""GET routes of the portal that are no page of their own here, and why."""


@pytest.fixture(scope="module")
def resident(driver: SystemDriver, chromium: Browser) -> Iterator[BrowserUser]:
    """Somebody whose organization holds something of everything."""
    person = browser_user(driver, chromium, viewport={"width": 1440, "height": 900}).register()
    person.go(f"{person.home}/users/invite")
    person.fill("E-mail addresses", f"{address('colleague')} {address('dealer')}")
    person.press("Send invitations")
    person.go(f"{person.home}/clients/new")
    person.fill("Name", "Back office sync")
    person.page.get_by_label("Read platforms").check()
    person.press("Create client")
    person.follow("I saved the secret")
    person.page.wait_for_url(re.compile(r".*/clients/[0-9a-f-]{36}"))
    person.go(f"{person.home}/platforms/new")
    person.fill("Name", "MT5 Live")
    person.press("Add platform")
    person.follow("Set API credentials")
    person.fill_api(driver.info["demo"]["mt5-webapi"])
    person.press("Check connection")
    person.see("All stages passed.")
    person.press("Save")
    person.see("The API credentials were saved.")
    driver.make_operator(person.email)
    with _dead_letters(person):
        yield person
    assert person.complaints == []
    person.page.context.close()


def test_every_page_of_the_portal_is_listed(databases: Databases) -> None:
    settings = settings_of(Settings, databases.migrated(PortalService.migrations), portal_secret=SecretStr("none"))
    routers = [each.original_router for each in build(settings).routes if hasattr(each, "original_router")]
    routes = [each for router in routers for each in router.routes if isinstance(each, APIRoute)]
    pages = [each for each in routes if "GET" in (each.methods or ()) and re.match(r"/portal(?!/static)", each.path)]
    home = f"/portal/organizations/{uuid4()}"
    visited = [*OWN_PAGES.values(), *(home + path for path in PAGES.values())]
    visited += [f"{home}/{section}/{uuid4()}" for section, _ in DETAILS.values()]
    visited.append(f"{OWN_PAGES['operations-discard']}/1/discard")
    listed = [next(each.path for each in pages if each.path_regex.match(path)) for path in visited]
    assert {each.path for each in pages} - set(listed) == set(OTHER_ROUTES)


@contextmanager
def _dead_letters(operator: BrowserUser) -> Iterator[None]:
    """Dead letters of one aggregate; only the entries of the operator log remain afterwards."""
    payload = '{"specversion": "1.0", "type": "tradehall.identity.UserRegistered.v1", "data": {"user_id": "0c4d"}}'
    with psycopg.connect(operator.driver.info["postgres_dsn"]["organizations"], autocommit=True) as connection:
        subject = operator.email
        for sequence, error, attempts in ((1, "KeyError: 'email'", 3), (2, _BEHIND, 0), (3, _BEHIND, 0)):
            last = connection.execute(
                "INSERT INTO parked (durable, source, subject, sequence, type, payload, error, attempts) "
                "VALUES ('organizations-identity', '/made/up', %s, %s, 'tradehall.identity.UserRegistered.v1', "
                "%s, %s, %s) RETURNING id",
                (subject, sequence, payload, error, attempts),
            ).fetchone()
        assert last is not None
        operator.go(f"/portal/operations/organizations/{last[0]}/discard")
        operator.fill("Reason", "Sent twice by the old importer")
        operator.press("Discard message")
        operator.see("The message was discarded.")
        yield
        connection.execute("DELETE FROM parked WHERE subject = %s", (subject,))


@pytest.mark.parametrize("name", [*PAGES, *OWN_PAGES, *DETAILS])
def test_every_page_is_accessible_on_every_screen(resident: BrowserUser, name: str) -> None:
    if name in DETAILS:
        section, shown = DETAILS[name]
        resident.go(f"{resident.home}/{section}")
        resident.follow(shown)
    else:
        resident.go(OWN_PAGES.get(name) or resident.home + PAGES[name])
    if name == "operations-discard":
        resident.go(resident.page.get_by_role("link", name="Discard").last.get_attribute("href") or "")
        resident.page.get_by_label("Reason").wait_for()
    _sound(resident, name)


@pytest.mark.parametrize(
    ("name", "opener"),
    [
        ("dialog-invite", "users/Invite users"),
        ("dialog-database", "platforms/Set database credentials MT5 Live"),
        ("menu", "users/"),
    ],
)
def test_every_dialog_is_accessible_on_every_screen(resident: BrowserUser, name: str, opener: str) -> None:
    section, _, link = opener.partition("/")
    resident.go(f"{resident.home}/{section}")
    if link:
        resident.follow(link)
        resident.page.locator("dialog[open] h2").wait_for()
    else:
        resident.page.locator(".person summary").click()
    _sound(resident, name)


@pytest.mark.parametrize("name", STRANGERS_PAGES)
def test_every_public_page_is_accessible_on_every_screen(driver: SystemDriver, chromium: Browser, name: str) -> None:
    stranger = browser_user(driver, chromium)
    stranger.go(STRANGERS_PAGES[name])
    _sound(stranger, name)
    assert stranger.complaints == []
    stranger.page.context.close()


def test_every_page_linked_from_a_mail_is_accessible_on_every_screen(driver: SystemDriver, chromium: Browser) -> None:
    host, new_user = driver.new_user("host"), browser_user(driver, chromium)
    UserDriver(driver, new_user.email).register()
    new_user.go("/login")
    new_user.fill("E-mail address", new_user.email)
    new_user.fill("Password", driver.mail(new_user.email).one_time_password)
    new_user.press("Sign in")
    new_user.page.get_by_label("New password", exact=True).wait_for()
    _sound(new_user, "choose-password")

    host.browser.post("/password/forgot", data={"email": host.email})
    invited = address("invited")
    for email in (invited, new_user.email):
        body = {"email": email, "role": "viewer"}
        assert host.api("POST", f"/organizations/{host.organization}/invitations", json=body).status_code == 201
    stranger = browser_user(driver, chromium)
    for name, link in (
        ("reset", driver.mail(host.email, "new password").link("/password/reset/")),
        ("invitation-register", driver.mail(invited).link("/invitations/")),
        ("invitation-sign-in", driver.mail(new_user.email, "invitation").link("/invitations/")),
    ):
        stranger.page.goto(link)
        _sound(stranger, name)
    new_user.fill("New password", PASSWORD)
    new_user.press("Continue")
    new_user.page.wait_for_url("**/portal/organizations/**")
    new_user.page.goto(driver.mail(new_user.email, "invitation").link("/invitations/"))
    _sound(new_user, "invitation-accept")
    for each in (new_user, stranger):
        assert each.complaints == []
        each.page.context.close()


def test_a_first_visit_is_small(driver: SystemDriver, chromium: Browser) -> None:
    person = browser_user(driver, chromium)
    taken: dict[str, int] = {}
    network = person.page.context.new_cdp_session(person.page)
    network.send("Network.enable")
    network.on("Network.loadingFinished", lambda each: taken.update({each["requestId"]: each["encodedDataLength"]}))
    person.register()
    person.page.wait_for_load_state("networkidle")
    assert 0 < sum(taken.values()) < 150_000


def _sound(person: BrowserUser, name: str) -> None:
    """In light and in dark at each width; in dark, of what axe-core checks, only colours are others."""
    for scheme, rules in SCHEMES.items():
        person.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # colours change at once
        for width in WIDTHS:
            person.page.set_viewport_size({"width": width, "height": 900})
            person.picture(f"{name}-{scheme}-{width}")
            overflow = person.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert overflow <= 0, f"{name} in {scheme} is {overflow} px too wide at {width} px"
            assert person.violations(*rules) == [], f"{name} in {scheme} at {width} px"
