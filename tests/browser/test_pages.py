"""Every page on three widths of screen, light and dark: pictures to look at, and nothing that axe-core objects to."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from playwright.sync_api import Browser

from testing.driver import Hall, Person, address
from tests.browser.surfing import PASSWORD, Surfer, surfer

WIDTHS = (390, 768, 1440)
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


@pytest.fixture(scope="module", params=["light", "dark"])
def resident(request: pytest.FixtureRequest, hall: Hall, chromium: Browser) -> Iterator[Surfer]:
    """Somebody whose organization holds something of everything."""
    person = surfer(hall, chromium, color_scheme=request.param, viewport={"width": 1440, "height": 900}).register()
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
    person.fill_api(hall.info["demo"]["mt5-webapi"])
    person.press("Check connection")
    person.see("All stages passed.")
    person.press("Save")
    person.see("The API credentials were saved.")
    hall.let_operate(person.email)
    with _dead_letters(person):
        yield person
    assert person.complaints == []
    person.page.context.close()


@contextmanager
def _dead_letters(operator: Surfer) -> Iterator[None]:
    """Dead letters of one aggregate; only the entries of the operator log remain afterwards."""
    payload = '{"specversion": "1.0", "type": "tradehall.identity.UserRegistered.v1", "data": {"user_id": "0c4d"}}'
    with psycopg.connect(operator.hall.info["postgres_dsn"]["organizations"], autocommit=True) as connection:
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


@pytest.fixture
def scheme(resident: Surfer) -> str:
    dark = resident.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    return "dark" if dark else "light"


@pytest.mark.parametrize("name", [*PAGES, *OWN_PAGES, *DETAILS])
def test_a_page_is_sound_on_every_screen(resident: Surfer, scheme: str, name: str) -> None:
    if name in DETAILS:
        section, shown = DETAILS[name]
        resident.go(f"{resident.home}/{section}")
        resident.follow(shown)
    else:
        resident.go(OWN_PAGES.get(name) or resident.home + PAGES[name])
    if name == "operations-discard":
        resident.go(resident.page.get_by_role("link", name="Discard").last.get_attribute("href") or "")
        resident.page.get_by_label("Reason").wait_for()
    _sound(resident, f"{name}-{scheme}")


@pytest.mark.parametrize(
    ("name", "opener"),
    [
        ("dialog-invite", "users/Invite users"),
        ("dialog-database", "platforms/Set database credentials MT5 Live"),
        ("menu", "users/"),
    ],
)
def test_what_opens_over_a_page_is_sound_on_every_screen(resident: Surfer, scheme: str, name: str, opener: str) -> None:
    section, _, link = opener.partition("/")
    resident.go(f"{resident.home}/{section}")
    if link:
        resident.follow(link)
        resident.page.locator("dialog[open] h2").wait_for()
    else:
        resident.page.locator(".person summary").click()
    _sound(resident, f"{name}-{scheme}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", STRANGERS_PAGES)
def test_a_page_for_strangers_is_sound_on_every_screen(hall: Hall, chromium: Browser, name: str, scheme: str) -> None:
    stranger = surfer(hall, chromium, color_scheme=scheme)
    stranger.go(STRANGERS_PAGES[name])
    _sound(stranger, f"{name}-{scheme}")
    assert stranger.complaints == []
    stranger.page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_that_a_mail_leads_to_is_sound_on_every_screen(hall: Hall, chromium: Browser, scheme: str) -> None:
    host, newcomer = hall.newcomer("host"), surfer(hall, chromium, color_scheme=scheme)
    Person(hall, newcomer.email).register()
    newcomer.go("/login")
    newcomer.fill("E-mail address", newcomer.email)
    newcomer.fill("Password", hall.mail(newcomer.email).one_time_password)
    newcomer.press("Sign in")
    newcomer.page.get_by_label("New password", exact=True).wait_for()
    _sound(newcomer, f"choose-password-{scheme}")

    host.browser.post("/password/forgot", data={"email": host.email})
    invited = address("invited")
    for email in (invited, newcomer.email):
        body = {"email": email, "role": "viewer"}
        assert host.api("POST", f"/organizations/{host.organization}/invitations", json=body).status_code == 201
    stranger = surfer(hall, chromium, color_scheme=scheme)
    for name, link in (
        ("reset", hall.mail(host.email, "new password").link("/password/reset/")),
        ("invitation-register", hall.mail(invited).link("/invitations/")),
        ("invitation-sign-in", hall.mail(newcomer.email, "invitation").link("/invitations/")),
    ):
        stranger.page.goto(link)
        _sound(stranger, f"{name}-{scheme}")
    newcomer.fill("New password", PASSWORD)
    newcomer.press("Continue")
    newcomer.page.wait_for_url("**/portal/organizations/**")
    newcomer.page.goto(hall.mail(newcomer.email, "invitation").link("/invitations/"))
    _sound(newcomer, f"invitation-accept-{scheme}")
    for each in (newcomer, stranger):
        assert each.complaints == []
        each.page.context.close()


def test_a_first_visit_is_small(hall: Hall, chromium: Browser) -> None:
    person = surfer(hall, chromium)
    taken: dict[str, int] = {}
    network = person.page.context.new_cdp_session(person.page)
    network.send("Network.enable")
    network.on("Network.loadingFinished", lambda each: taken.update({each["requestId"]: each["encodedDataLength"]}))
    person.register()
    person.page.wait_for_load_state("networkidle")
    assert 0 < sum(taken.values()) < 150_000


def _sound(person: Surfer, name: str) -> None:
    for width in WIDTHS:
        person.page.set_viewport_size({"width": width, "height": 900})
        person.picture(f"{name}-{width}")
        overflow = person.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{name} is {overflow} px too wide at {width} px"
        assert person.violations() == [], f"{name} at {width} px"
