"""Two users in two browsers."""

import re

import pytest

from tests.browser.browser_user import PASSWORD, BrowserUser
from tests.browser.conftest import NewBrowserUser


def _invite(by: BrowserUser, email: str) -> str:
    """The link in the mail."""
    by.go(f"{by.home}/users")
    by.follow("Invite users")
    by.fill("E-mail addresses", email)
    by.press("Send invitations")
    by.see("An invitation was sent to")
    return by.driver.mail(email, "invit").link("/invitations/")


def test_new_and_existing_users_join_by_invitation(new_browser_user: NewBrowserUser) -> None:
    host, new_user, known = new_browser_user().register(), new_browser_user(), new_browser_user().register()

    new_user.page.goto(_invite(host, new_user.email))
    new_user.fill("New password", PASSWORD)
    new_user.press("Create account and join")
    new_user.follow("Continue")
    new_user.page.wait_for_url(re.compile(r".*/portal/organizations/.*"))
    new_user.go(host.home)
    new_user.see("Your role: Viewer")

    known.page.goto(_invite(host, known.email))
    known.page.get_by_role("button", name=re.compile("Join|Accept")).click()
    known.see("You have joined My organization")

    host.go(f"{host.home}/users")
    for each in (new_user, known):
        host.see(each.email)
    assert host.page.locator("tbody tr", has_text="Member").count() == 3


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_removed_member_loses_access_to_the_open_page(new_browser_user: NewBrowserUser, scripts: bool) -> None:
    host, guest = new_browser_user().register(), new_browser_user(java_script_enabled=scripts)
    guest.page.goto(_invite(host, guest.email))
    guest.fill("New password", PASSWORD)
    guest.press("Create account and join")
    guest.go(f"{host.home}/clients")
    guest.see("No clients yet")

    host.go(f"{host.home}/users")
    host.page.get_by_role("link", name=f"Remove {guest.email}").click()
    host.press("Remove user")
    host.see("was removed from the organization.")

    guest.follow("Users")
    guest.see("Page not found")


def test_last_administrator_cannot_be_removed(new_browser_user: NewBrowserUser) -> None:
    host = new_browser_user().register()
    host.go(f"{host.home}/users")
    host.page.get_by_role("link", name=f"Remove {host.email}").click()
    host.see("is the only administrator")
    host.page.locator(".dialog-actions").get_by_role("button", name="Close").click()
    assert host.page.locator("dialog[open]").count() == 0


def test_two_tabs_and_the_back_button_work(new_browser_user: NewBrowserUser) -> None:
    person = new_browser_user().register()
    first = person.page
    second = first.context.new_page()
    second.goto(f"{person.driver.url}/portal/organizations")
    person.go("/portal/organizations")
    for page, name in ((first, "First name"), (second, "Second name")):
        page.locator(".in-place input").fill(name)
        page.locator(".in-place button").click()
        page.get_by_text(f"renamed to “{name}”").wait_for()
    first.get_by_role("link", name="Open").click()
    first.get_by_role("heading", name="Second name").wait_for()
    first.go_back()
    first.get_by_role("heading", name="Manage organizations").wait_for()
    assert first.locator(".in-place input").input_value() == "Second name"
