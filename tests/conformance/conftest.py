"""A person with a name, browsers, and programs at the running system."""

import pytest

from testing.driver import SystemDriver, UserDriver
from testing.programs import Programs
from tests.conformance.browser import Browser
from tests.conformance.relying_party import RelyingParty


@pytest.fixture(scope="session")
def ada(driver: SystemDriver) -> UserDriver:
    """Somebody with an account, who has signed in before; every test has a browser of its own."""
    person = driver.new_user("ada")
    assert person.api("PATCH", "/me", json={"name": "Ada Lovelace"}).status_code == 200
    return person


@pytest.fixture
def browser(driver: SystemDriver, ada: UserDriver) -> Browser:
    """Ada's; nobody is signed in in it."""
    return Browser(driver, ada)


@pytest.fixture(params=[None, "form_post"], ids=["basic", "formpost"])
def rp(driver: SystemDriver, programs: Programs, browser: Browser, request: pytest.FixtureRequest) -> RelyingParty:
    """A program that the Foundation's basic plan, and then its form post plan, tries the provider with."""
    return RelyingParty(driver, programs.first, browser, request.param)


@pytest.fixture
def client(driver: SystemDriver, programs: Programs, browser: Browser) -> RelyingParty:
    """A program with the default response mode."""
    return RelyingParty(driver, programs.first, browser)
