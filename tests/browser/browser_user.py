"""A user with a browser: pages, forms, and the errors that the browser reports."""

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, Response

from testing.driver import SystemDriver, address

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "build" / "screenshots"
_AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
_WATCH = "addEventListener('securitypolicyviolation', e => console.error('CSP', e.violatedDirective, e.blockedURI))"
PASSWORD = "four unrelated garden words"


@dataclass
class BrowserUser:
    """A user with a browser context. `complaints` are errors of the console and failed requests."""

    driver: SystemDriver
    page: Page
    email: str = field(default_factory=lambda: address("browser_user"))
    complaints: list[str] = field(default_factory=list)
    home: str = ""
    """The path of the first organization's pages."""

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("response", self._answer)
        self.page.context.add_init_script(_WATCH)

    def _console(self, message: ConsoleMessage) -> None:
        # The browser and htmx also report each 4xx as an error; `_answer` reports those.
        reported = ("Failed to load resource", "Response Status Error Code 4")
        if message.type == "error" and not message.text.startswith(reported):
            self.complaints.append(message.text)

    def _answer(self, response: Response) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.status} {response.url}")

    def go(self, path: str) -> None:
        self.page.goto(self.driver.url + path)

    def see(self, text: str) -> None:
        """Waits until this can be read."""
        self.page.get_by_text(text).first.wait_for()

    def press(self, name: str) -> None:
        """The button of this name in the dialog that is open, else in the page."""
        dialog = self.page.locator("dialog[open]")
        place = dialog if dialog.count() else self.page
        place.get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str) -> None:
        self.page.get_by_role("link", name=name, exact=True).first.click()

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(label, exact=True).fill(text)

    def fill_api(self, place: dict[str, Any]) -> None:
        """The form of a platform's API credentials, with those of a simulator."""
        self.fill("Host", place["host"])
        self.fill("Port", str(place["port"]))
        self.fill("Login", str(place["login"]))
        self.fill("Password", place["password"])

    def register(self) -> "BrowserUser":
        """From the first page to the portal's, with the password that was mailed."""
        self.go("/")
        self.follow("Register")
        self.fill("E-mail address", self.email)
        self.press("Register")
        self.see("Check your mail")
        self.follow("Sign in")
        self.fill("E-mail address", self.email)
        self.fill("Password", self.driver.mail(self.email).one_time_password)
        self.press("Sign in")
        self.fill("New password", PASSWORD)
        self.press("Continue")
        return self._arrived()

    def _arrived(self) -> "BrowserUser":
        self.page.wait_for_url(re.compile(r".*/portal/organizations/.*"))
        self.home = self.page.url.removeprefix(self.driver.url)
        return self

    def sign_in(self) -> "BrowserUser":
        self.go("/portal")
        self.fill("E-mail address", self.email)
        self.fill("Password", PASSWORD)
        self.press("Sign in")
        return self._arrived()

    def picture(self, name: str) -> None:
        """Take a picture of the whole page, if TRADEHALL_SCREENSHOTS is set: they cost a third of the time."""
        if "TRADEHALL_SCREENSHOTS" not in os.environ:
            return
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png", full_page=True)

    def violations(self, *rules: str) -> list[str]:
        """What axe-core finds on the page as it is, one line each; only by these rules, if any."""
        if self.page.evaluate("typeof axe") == "undefined":  # to parse it takes as long as to run it
            self.page.evaluate(_AXE.read_text(encoding="utf-8") + "\n;undefined")
        options = {"runOnly": rules} if rules else {}
        found: list[dict[str, Any]] = self.page.evaluate(
            "options => axe.run(options).then(result => result.violations)", options
        )
        return [f"{each['id']}: {json.dumps([node['html'][:200] for node in each['nodes']])}" for each in found]


def browser_user(driver: SystemDriver, browser: Browser, **options: Any) -> BrowserUser:
    """Somebody new; `options` are Playwright's of a context."""
    return BrowserUser(driver, browser.new_context(**options).new_page())
