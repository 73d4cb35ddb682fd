"""Known and unknown addresses are indistinguishable, and no secret is stored readable."""

import itertools
import json
from urllib.parse import urlsplit

import pytest

from testing import plain_http
from testing.driver import SystemDriver, UserDriver, address, client_token
from testing.shared import Shared
from testing.stored_text import dump, logs, messages
from testing.timing import assert_same_time


@pytest.mark.parametrize(
    ("path", "status", "within"),
    [("/api/v1/registrations", 202, 0.002), ("/api/v1/password-resets", 202, 0.002), ("/login", 422, 0.01)],
)
def test_known_and_unknown_addresses_get_the_same_answer_in_the_same_time(
    driver: SystemDriver, tradehall: Shared, known: list[str], path: str, status: int, within: float
) -> None:
    """None is refused: each request comes from a network of its own, as the gateway would tell the service.

    A hash of a password takes 25 ms and hides less than 10; the tests of identity compare the rest beside quick hashes.
    """
    port = json.loads((tradehall.folder / "ports.json").read_text())["identity"]
    networks = (f"198.18.{number // 250}.{number % 250 + 1}" for number in itertools.count())
    answers = set()
    with plain_http.client(
        base_url=f"http://127.0.0.1:{port}", headers={"Host": urlsplit(driver.url).netloc}
    ) as client:

        def ask(email: str) -> None:
            network = {"X-Forwarded-For": next(networks)}
            if path == "/login":
                form = {"email": email, "password": "wrong wrong 1"}
                answer = client.post(path, data=form, headers=network)
            else:
                answer = client.post(path, json={"email": email}, headers=network)
            answers.add((answer.status_code, answer.text.replace(email, "")))

        assert_same_time(
            lambda pair: ask(known[pair % len(known)]),
            lambda pair: ask(f"unknown-{pair}@broker.example"),
            within=within,
            most=100,
            what=f"a known address at {path}",
        )
    assert [code for code, _ in answers] == [status], answers


@pytest.fixture(scope="module")
def known(driver: SystemDriver) -> list[str]:
    """Enough of them that nobody fails a hundred times, after which every network is refused."""
    return [driver.new_user("known").email for _ in range(5)]


def test_no_secret_is_in_logs_streams_or_databases(driver: SystemDriver, tradehall: Shared) -> None:
    ada = UserDriver(driver, address("ada")).register()
    mailed = driver.mail(ada.email).one_time_password
    ada.sign_in(mailed)
    ada.choose_password()
    org = ada.organization
    client = ada.api("POST", f"/organizations/{org}/clients", json={"name": "robot", "scopes": []}).json()
    token = client_token(driver, client["client_id"], client["client_secret"]).json()["access_token"]
    guest = address("guest")
    ada.api("POST", f"/organizations/{org}/invitations", json={"email": guest, "role": "viewer"})
    link = driver.mail(guest).link("/invitations/").rsplit("/", 1)[1]
    UserDriver(driver, ada.email).browser.post("/password/forgot", data={"email": ada.email})
    reset = driver.mail(ada.email, "new password").link("/password/reset/").rsplit("/", 1)[1]
    driver.http.get(f"/invitations/{link}")
    secrets = {
        "one-time password": mailed,
        "password": ada.password,
        "client secret": client["client_secret"],
        "access token": ada.token,
        "client's token": token,
        "session": max(ada.browser.cookies.values(), key=len),
        "invitation link": link,
        "reset link": reset,
    }
    places = {
        "logs": logs(tradehall),
        "streams": str([messages(driver, s) for s in ("IDENTITY", "ORGANIZATIONS", "NOTIFICATIONS")]),
        "databases": "\n".join(dump(dsn) for dsn in driver.info["postgres_dsn"].values()),
    }
    for place, text in places.items():
        assert text
        for what, secret in secrets.items():
            assert secret not in text, f"a {what} stands in the {place}"
            assert secret.encode().hex() not in text, f"a {what} stands in the {place}, in hex"
