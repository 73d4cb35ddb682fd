"""The pictures of docs/getting-started.md: `python -m tests.browser.pictures` takes them all again.

It starts a system of its own. Secrets are replaced by invented ones before a picture is taken.
"""

import os

from deploy.local import Tradehall
from embedded import temporary_folder
from testing import chromium
from testing.driver import SystemDriver
from tests.browser.browser_user import PASSWORD, ROOT, BrowserUser, browser_user

FOLDER = ROOT / "docs" / "pictures"
_WIDTH = 1280
_INVENTED = {"password": "k3vm-x7qd-p2ht-9wfa", "secret": "An-invented-secret-9wfak3vmx7qdp2ht"}
_REPLACE = """([old, replacement]) => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) walker.currentNode.data = walker.currentNode.data.replaceAll(old, replacement);
}"""


_PLATFORM = {"host": "mt5.broker.example", "port": 443, "login": 1000, "password": "an invented password"}


def _take(user: BrowserUser, name: str, height: int) -> None:
    """A picture of a window of this height."""
    user.page.set_viewport_size({"width": _WIDTH, "height": height})
    user.page.wait_for_load_state("networkidle")
    user.page.screenshot(path=FOLDER / f"{name}.png", animations="disabled", caret="hide")


def _replace(user: BrowserUser, old: str, replacement: str) -> None:
    user.page.evaluate(_REPLACE, [old, replacement])


def _register(user: BrowserUser) -> None:
    user.go("/register")
    user.fill("E-mail address", user.email)
    _take(user, "register", 590)
    user.press("Register")
    user.see("Check your mail")


def _first_sign_in(user: BrowserUser) -> None:
    mail = user.driver.mail(user.email)
    user.page.goto(f"{user.driver.info['mailbox_url']}/messages/{mail.id}")
    _replace(user, mail.one_time_password, _INVENTED["password"])
    _replace(user, user.driver.url, "http://localhost:8080")
    _take(user, "mail", 600)
    user.go("/login")
    user.fill("E-mail address", user.email)
    user.fill("Password", mail.one_time_password)
    user.press("Sign in")
    user.page.get_by_label("New password", exact=True).press_sequentially(PASSWORD)
    _take(user, "new-password", 620)
    user.press("Continue")
    user.page.wait_for_url("**/portal/organizations/**")
    user.home = user.page.url.removeprefix(user.driver.url)


def _set_up(user: BrowserUser) -> None:
    _take(user, "organization", 800)
    user.follow("Trade platforms")
    user.follow("Add platform")
    user.fill("Name", "MT5 Live")
    user.press("Add platform")
    user.see("“MT5 Live” was added.")
    user.follow("Set API credentials")
    user.fill_api(_PLATFORM)
    _take(user, "platform", 640)
    user.go(f"{user.home}/clients")
    user.follow("Create client")
    user.fill("Name", "Back office sync")
    user.page.get_by_label("Read platforms").check()
    user.press("Create client")
    shown = user.page.locator("#shown-secret")
    shown.wait_for()
    _replace(user, shown.inner_text().strip(), _INVENTED["secret"])
    _replace(user, user.driver.url, "http://localhost:8080")
    _take(user, "client-secret", 720)


def take_all(driver: SystemDriver, email: str = "ada@broker.example") -> None:
    FOLDER.mkdir(exist_ok=True)
    with chromium.running() as browser:
        user = browser_user(driver, browser, color_scheme="light", viewport={"width": _WIDTH, "height": 800})
        user.email = email
        _register(user)
        _first_sign_in(user)
        _set_up(user)
        assert user.complaints == []


if __name__ == "__main__":
    with temporary_folder() as var, Tradehall(var, environment=dict(os.environ)) as system:
        take_all(SystemDriver(system.info))
