"""An operator with a browser reads, replays and discards dead letters, in a system of its own: they are made there by a
service that cannot store what anybody registers."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from deploy.local import Tradehall
from embedded import temporary_folder
from testing.driver import Hall, address
from testing.waiting import wait_until
from tests.browser.conftest import NewSurfer
from tests.browser.surfing import Surfer

PAGE = "/portal/operations"
_STUMBLE = """
CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the shelf is full'; END $$;
CREATE TRIGGER stumble BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION stumble();
"""


@pytest.fixture(scope="module")
def hall() -> Iterator[Hall]:
    with temporary_folder() as var, Tradehall(var) as system:
        made = Hall(system.info)
        yield made
        made.close()


@contextmanager
def stumbling(hall: Hall) -> Iterator[None]:
    """notifications cannot store a new user."""
    with psycopg.connect(hall.info["postgres_dsn"]["notifications"], autocommit=True) as connection:
        connection.execute(_STUMBLE.encode())
        try:
            yield
        finally:
            connection.execute("DROP FUNCTION stumble CASCADE")


def register_unheard(hall: Hall, email: str) -> None:
    """A user registers, and the event becomes a dead letter of notifications."""
    with psycopg.connect(hall.info["postgres_dsn"]["notifications"], autocommit=True) as connection, stumbling(hall):
        hall.http.post("/register", data={"email": email}).raise_for_status()
        wait_until(lambda: connection.execute("SELECT 1 FROM parked").fetchone(), what="a dead letter")


@pytest.mark.parametrize("scripts", [True, False])
def test_replayed_dead_letter_sends_its_mail(hall: Hall, new_surfer: NewSurfer, scripts: bool) -> None:
    operator, email = operator_of(hall, new_surfer(java_script_enabled=scripts)), address("unheard")
    register_unheard(hall, email)
    assert hall.mails(email) == []
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
    assert hall.mail(email).one_time_password
    operator.follow("Operator log")
    operator.page.locator("tbody tr", has_text="Replayed").get_by_text("You", exact=True).first.wait_for()
    operator.go(f"{PAGE}/mails?state=sent")
    operator.see("One-time password")


@pytest.mark.parametrize("scripts", [True, False])
def test_failing_dead_letter_stays_until_it_is_discarded(hall: Hall, new_surfer: NewSurfer, scripts: bool) -> None:
    operator, email = operator_of(hall, new_surfer(java_script_enabled=scripts)), address("unheard")
    register_unheard(hall, email)
    operator.go(f"{PAGE}/notifications")
    with stumbling(hall):
        operator.page.get_by_role("button", name="Replay").click()
        operator.see("The replay failed; the message remains a dead letter")
    operator.complaints[:] = [each for each in operator.complaints if "409" not in each]  # htmx logs each refusal
    operator.page.get_by_role("link", name="Discard").click()
    operator.fill("Reason", "they will register again")
    operator.press("Discard message")
    operator.see("The message was discarded.")
    operator.follow("Operator log")
    operator.see("they will register again")
    assert hall.mails(email) == []


def test_other_users_find_no_link_and_no_page(new_surfer: NewSurfer) -> None:
    new_surfer().register()  # the first user becomes operator
    person = new_surfer().register()
    person.page.locator(".person summary").click()
    assert person.page.get_by_role("link", name="Operations").count() == 0
    person.go(PAGE)
    person.see("Page not found")


def operator_of(hall: Hall, surfer: Surfer) -> Surfer:
    """The same, registered and operator."""
    surfer.register()
    hall.let_operate(surfer.email)
    surfer.go(surfer.home)
    return surfer
