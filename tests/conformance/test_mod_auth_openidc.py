"""A page behind Debian's Apache with mod_auth_openidc, seen with a real browser."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from testing.driver import SystemDriver, UserDriver
from testing.programs import Programs
from tests.conformance import apache


@pytest.fixture(params=["query", "form_post"])
def behind_apache(driver: SystemDriver, programs: Programs, request: pytest.FixtureRequest) -> Iterator[str]:
    """The page's address; nobody sees it who has not signed in."""
    with apache.running(driver.url, programs.behind_apache, request.param):
        yield f"{programs.behind_apache.origin}/"


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Page]:
    """A browser in which nobody is signed in; it may complain of nothing."""
    with chromium.new_context() as context:
        page, complaints = context.new_page(), list[str]()
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        yield page
        assert complaints == []


def sign_in(tab: Page, driver: SystemDriver, person: UserDriver) -> None:
    expect(tab).to_have_url(re.compile(re.escape(f"{driver.url}/login")))
    tab.get_by_label("E-mail address").fill(person.email)
    tab.get_by_label("Password", exact=True).fill(person.password)
    tab.get_by_role("button", name="Sign in").click()


def test_a_user_signs_in_and_out_behind_apache(
    behind_apache: str, tab: Page, driver: SystemDriver, programs: Programs, ada: UserDriver
) -> None:
    tab.goto(behind_apache)
    sign_in(tab, driver, ada)
    expect(tab).to_have_url(behind_apache)
    expect(tab.get_by_role("heading")).to_have_text("Ada Lovelace")
    expect(tab.locator("#person")).to_have_text(ada.email)

    tab.get_by_role("link", name="Sign out").click()
    expect(tab).to_have_url(programs.behind_apache.signed_out)
    expect(tab.get_by_role("heading")).to_have_text("Signed out")

    # Neither Apache nor Tradehall knows them any more.
    tab.goto(behind_apache)
    sign_in(tab, driver, ada)
    expect(tab.locator("#person")).to_have_text(ada.email)


def test_a_signed_in_user_is_not_asked_again(
    behind_apache: str, tab: Page, driver: SystemDriver, ada: UserDriver
) -> None:
    tab.goto(f"{driver.url}/login")
    sign_in(tab, driver, ada)
    expect(tab).not_to_have_url(re.compile("/login"))
    tab.goto(behind_apache)
    expect(tab.locator("#person")).to_have_text(ada.email)
