"""Choosing a password: the rules shown while typing are those of the server."""

from tests.browser.browser_user import BrowserUser
from tests.browser.conftest import NewBrowserUser


def _choosing(person: BrowserUser) -> BrowserUser:
    """Before the form for an own password."""
    person.go("/register")
    person.fill("E-mail address", person.email)
    person.press("Register")
    person.see("Check your mail")
    person.go("/login")
    person.fill("E-mail address", person.email)
    person.fill("Password", person.driver.mail(person.email).one_time_password)
    person.press("Sign in")
    person.page.get_by_label("New password", exact=True).wait_for()
    return person


def test_password_strength_is_shown_while_typing(new_browser_user: NewBrowserUser) -> None:
    person = _choosing(new_browser_user())
    told = person.page.locator("[data-strength] [role=status]")
    name = person.email.partition("@")[0]
    for refused in ("short", "x" * 129, f"garden {name} words"):
        person.fill("New password", refused)
        said = told.inner_text()
        person.press("Continue")
        person.page.get_by_role("alert").get_by_text(said, exact=True).wait_for()
    for password, said in (
        ("garden12", "Fair."),
        ("garden and wall", "Good."),
        ("four unrelated garden words", "Strong."),
    ):
        person.fill("New password", password)
        assert told.inner_text().startswith(said)
    assert person.violations() == []


def test_without_scripts_the_server_shows_the_password_rules(new_browser_user: NewBrowserUser) -> None:
    person = _choosing(new_browser_user(java_script_enabled=False))
    assert not person.page.locator("[data-strength]").is_visible()
    person.fill("New password", "short")
    person.press("Continue")
    person.see("Use at least 8 characters.")
