"""Manage organizations and the own profile in a browser, with and without scripts."""

import pytest

from tests.browser.browser_user import PASSWORD
from tests.browser.conftest import NewBrowserUser

either_way = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])


@either_way
def test_organizations_are_renamed_created_deleted_and_restored(
    new_browser_user: NewBrowserUser, scripts: bool
) -> None:
    person = new_browser_user(java_script_enabled=scripts).register()
    person.go("/portal/organizations")
    row = person.page.locator("tr", has=person.page.get_by_role("link", name="Open My organization"))
    row.get_by_label("Name of My organization").fill("Ada Brokerage")
    row.get_by_role("button", name="Save").click()
    person.see("The organization was renamed to “Ada Brokerage”.")

    person.follow("Create organization")
    person.fill("Name", "Second House")
    person.press("Create organization")
    person.see("“Second House” was created.")

    person.go("/portal/organizations")
    person.page.get_by_role("link", name="Leave Second House").click()
    person.press("Leave organization")
    person.see("An organization must have at least one administrator.")

    person.go("/portal/organizations")
    person.page.get_by_role("link", name="Delete Second House").click()
    person.fill("Type “Second House” to confirm", "Second")
    person.press("Delete organization")
    person.see("The name does not match.")
    person.fill("Type “Second House” to confirm", "Second House")
    person.press("Delete organization")
    person.see("You can restore it within 30 days.")
    person.page.get_by_role("button", name="Restore Second House").click()
    person.see("“Second House” was restored with all its data.")


@either_way
def test_organization_switcher_keeps_the_page(new_browser_user: NewBrowserUser, scripts: bool) -> None:
    person = new_browser_user(java_script_enabled=scripts).register()
    person.go("/portal/organizations/new")
    person.fill("Name", "Second House")
    person.press("Create organization")
    person.see("“Second House” was created.")
    person.go(f"{person.home}/clients")
    person.page.locator(".switcher summary").click()
    person.page.locator(".switcher").get_by_role("link", name="Second House").click()
    person.page.wait_for_url("**/clients")
    assert person.home not in person.page.url
    assert "Second House" in person.page.locator(".switcher summary").inner_text()


@either_way
def test_profile_changes_name_password_and_sessions(new_browser_user: NewBrowserUser, scripts: bool) -> None:
    person = new_browser_user(java_script_enabled=scripts).register()
    elsewhere = new_browser_user()
    elsewhere.email = person.email
    elsewhere.sign_in()

    person.go("/portal/profile")
    person.fill("Name", "Ada Lovelace")
    person.press("Save")
    person.see("Your name was saved.")
    assert "Ada Lovelace" in person.page.locator(".person summary").inner_text()

    person.page.get_by_role("button", name="Revoke").first.click()
    person.page.locator("tbody tr").nth(1).wait_for(state="detached")
    elsewhere.go("/portal/profile")
    elsewhere.page.get_by_label("E-mail address", exact=True).wait_for()

    person.fill("Current password", PASSWORD)
    person.fill("New password", f"{PASSWORD} again")
    person.press("Change password")
    person.see("Your password was changed.")
