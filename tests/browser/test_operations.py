"""An operator with a browser reads, replays and discards dead letters.

The system is one of its own: while notifications cannot store a user, it fails for everybody who registers.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from deploy.local import Tradehall
from embedded import temporary_folder
from testing.driver import SystemDriver, address
from testing.waiting import wait_until
from tests.browser.browser_user import BrowserUser
from tests.browser.conftest import NewBrowserUser

PAGE = "/portal/operations"
_STUMBLE = """
CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the shelf is full'; END $$;
CREATE TRIGGER stumble BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION stumble();
"""


@pytest.fixture(scope="module")
def driver() -> Iterator[SystemDriver]:
    with temporary_folder() as var, Tradehall(var) as system:
        made = SystemDriver(system.info)
        yield made
        made.close()


@contextmanager
def stumbling(driver: SystemDriver) -> Iterator[None]:
    """notifications cannot store a new user."""
    with psycopg.connect(driver.info["postgres_dsn"]["notifications"], autocommit=True) as connection:
        connection.execute(_STUMBLE.encode())
        try:
            yield
        finally:
            connection.execute("DROP FUNCTION stumble CASCADE")


def register_unheard(driver: SystemDriver, email: str) -> None:
    """A user registers, and the event becomes a dead letter of notifications."""
    with (
        psycopg.connect(driver.info["postgres_dsn"]["notifications"], autocommit=True) as connection,
        stumbling(driver),
    ):
        driver.http.post("/register", data={"email": email}).raise_for_status()
        wait_until(lambda: connection.execute("SELECT 1 FROM parked").fetchone(), what="a dead letter")


@pytest.mark.parametrize("scripts", [True, False])
def test_replayed_dead_letter_sends_its_mail(
    driver: SystemDriver, new_browser_user: NewBrowserUser, scripts: bool
) -> None:
    operator, email = operator_of(driver, new_browser_user(java_script_enabled=scripts)), address("unheard")
    register_unheard(driver, email)
    assert driver.mails(email) == []
    if scripts:
        operator.page.locator(".person summary").click()
        operator.follow("Operations")
    else:
        operator.go(PAGE)
    operator.follow("Notifications")
    operator.see("the shelf is full")
    operator.page.locator("details.change summary").first.click()
    operator.see(email)
    operator.page.get_by_role("button", name="Replay").click()
    operator.see("1 message was applied.")
    operator.see("No dead letters")
    assert driver.mail(email).one_time_password
    operator.follow("Operator log")
    operator.page.locator("tbody tr", has_text="Replayed").get_by_text("You", exact=True).first.wait_for()
    operator.go(f"{PAGE}/mails?state=sent")
    operator.see("One-time password")


@pytest.mark.parametrize("scripts", [True, False])
def test_failing_dead_letter_stays_until_it_is_discarded(
    driver: SystemDriver, new_browser_user: NewBrowserUser, scripts: bool
) -> None:
    operator, email = operator_of(driver, new_browser_user(java_script_enabled=scripts)), address("unheard")
    register_unheard(driver, email)
    operator.go(f"{PAGE}/notifications")
    with stumbling(driver):
        operator.page.get_by_role("button", name="Replay").click()
        operator.see("The replay failed; the message remains a dead letter")
    operator.complaints[:] = [each for each in operator.complaints if "409" not in each]  # htmx logs each refusal
    operator.page.get_by_role("link", name="Discard").click()
    operator.fill("Reason", "they will register again")
    operator.press("Discard message")
    operator.see("The message was discarded.")
    operator.follow("Operator log")
    operator.see("they will register again")
    assert driver.mails(email) == []


def test_other_users_find_no_link_and_no_page(new_browser_user: NewBrowserUser) -> None:
    new_browser_user().register()  # the first user becomes operator
    person = new_browser_user().register()
    person.page.locator(".person summary").click()
    assert person.page.get_by_role("link", name="Operations").count() == 0
    person.go(PAGE)
    person.see("Page not found")


def operator_of(driver: SystemDriver, browser_user: BrowserUser) -> BrowserUser:
    """The same, registered and operator."""
    browser_user.register()
    driver.make_operator(browser_user.email)
    browser_user.go(browser_user.home)
    return browser_user
