"""The quick start as a person does it who reads nothing but the screen."""

import json
import re
import subprocess

import pytest

from testing.driver import address
from tests.browser.browser_user import PASSWORD, BrowserUser
from tests.browser.conftest import NewBrowserUser


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_new_user_registers_and_gets_a_clients_token(new_browser_user: NewBrowserUser, scripts: bool) -> None:
    person = new_browser_user(java_script_enabled=scripts).register()
    page = person.page
    person.see("1 of 5 done")

    person.follow("Rename organization")
    page.get_by_label("Name of My organization").fill("Harbour Brokers")
    page.get_by_role("button", name="Save").click()
    person.see("The organization was renamed to “Harbour Brokers”.")
    person.follow("Open Harbour Brokers")

    _connect_a_platform(person, scripts)

    person.follow("Users")
    person.follow("Invite users")
    colleague, typo = address("colleague"), "not-an-address"
    person.fill("E-mail addresses", f"{colleague}\n{typo}")
    person.press("Send invitations")
    person.page.locator(".results").wait_for()
    assert page.locator(".results li").count() == 2
    assert "Invited" in page.locator(".results li", has_text=colleague).inner_text()
    assert page.get_by_label("E-mail addresses").input_value() == typo
    person.page.get_by_label("E-mail addresses").fill(address("second"))
    person.press("Send invitations")
    person.see("An invitation was sent to")
    assert "invitations" in person.driver.mail(colleague).link("/invitations/")

    person.follow("Clients")
    person.follow("Create client")
    person.fill("Name", "Back office sync")
    page.get_by_label("Read platforms").check()
    person.press("Create client")
    person.see("The secret is shown only once.")
    curl = page.locator("#shown-curl").inner_text().strip()
    assert page.locator("#shown-secret").inner_text().strip() in curl
    person.follow("I saved the secret")
    person.see("Back office sync")
    assert _run(curl)["scope"] == "platforms:read"


def test_a_secret_is_not_shown_after_its_dialog_is_closed(new_browser_user: NewBrowserUser) -> None:
    person = _with_client_form(new_browser_user().register())
    person.press("Create client")
    secret = person.page.locator("#shown-secret")
    secret.wait_for()
    shown = secret.inner_text()
    person.page.keyboard.press("Escape")
    person.see("Machine")
    assert shown not in person.page.content()


def test_a_form_submitted_twice_creates_one_client(new_browser_user: NewBrowserUser) -> None:
    person = _with_client_form(new_browser_user(java_script_enabled=False).register())
    person.press("Create client")
    first = person.page.locator("#shown-secret").inner_text()
    person.page.reload()
    assert person.page.locator("#shown-secret").inner_text() == first
    person.go(f"{person.home}/clients")
    assert person.page.locator("tbody tr").count() == 1


def test_signing_out_ends_everything(new_browser_user: NewBrowserUser) -> None:
    person = new_browser_user().register()
    person.page.locator(".person summary").click()
    person.press("Sign out")
    person.page.wait_for_url(re.compile(r".*/logout"))
    person.go(person.home)
    person.see("Sign in")
    person.fill("E-mail address", person.email)
    person.fill("Password", PASSWORD)
    person.press("Sign in")
    person.page.wait_for_url(re.compile(f".*{person.home}"))


def _connect_a_platform(person: BrowserUser, scripts: bool) -> None:
    simulator = person.driver.info["demo"]["mt5-webapi"]
    person.follow("Trade platforms")
    person.follow("Add platform")
    person.fill("Name", "MT5 Live")
    person.press("Add platform")
    person.see("“MT5 Live” was added.")
    person.follow("Set API credentials")
    person.fill_api({**simulator, "password": "wrong"})
    person.press("Check connection")
    person.see("Wrong login or password")
    person.fill("Password", simulator["password"])
    person.press("Check connection")
    person.see("All stages passed.")
    assert person.page.locator("#stages .step").count() >= 6
    if not scripts:
        assert person.page.get_by_label("Password").input_value() == ""
        person.fill("Password", simulator["password"])
    person.press("Save")
    person.see("The API credentials were saved.")


def _with_client_form(person: BrowserUser) -> BrowserUser:
    person.follow("Clients")
    person.follow("Create client")
    person.fill("Name", "Machine")
    return person


def _run(curl: str) -> dict[str, str]:
    """What the shown line answers when it is pasted into a shell."""
    answer = subprocess.run(["sh", "-c", curl], capture_output=True, text=True, timeout=20, check=True)
    return dict(json.loads(answer.stdout))
