"""Known and unknown addresses cannot be told apart, and no secret stands where others read."""

import itertools
import json
from urllib.parse import urlsplit

import httpx2
import pytest

from testing.driver import Hall, Person, address, client_token
from testing.searching import dump, logs, messages
from testing.shared import Shared
from testing.timing import assert_same_time


@pytest.mark.parametrize(
    ("path", "status"), [("/api/v1/registrations", 202), ("/api/v1/password-resets", 202), ("/login", 422)]
)
def test_known_and_unknown_addresses_get_the_same_answer_in_the_same_time(
    hall: Hall, tradehall: Shared, known: list[str], path: str, status: int
) -> None:
    """None is refused: each request comes from a network of its own, as the gateway would tell the service."""
    port = json.loads((tradehall.folder / "ports.json").read_text())["identity"]
    networks = (f"198.18.{number // 250}.{number % 250 + 1}" for number in itertools.count())
    answers = set()
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers={"Host": urlsplit(hall.url).netloc}) as client:

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
            within=0.002,
            most=300,
            what=f"a known address at {path}",
        )
    assert [code for code, _ in answers] == [status], answers


@pytest.fixture(scope="module")
def known(hall: Hall) -> list[str]:
    """Enough of them that nobody fails a hundred times, after which every network is refused."""
    return [hall.newcomer("known").email for _ in range(5)]


def test_no_secret_stands_in_logs_streams_or_databases(hall: Hall, tradehall: Shared) -> None:
    ada = Person(hall, address("ada")).register()
    mailed = hall.mail(ada.email).one_time_password
    ada.sign_in(mailed)
    ada.choose_password()
    org = ada.organization
    client = ada.api("POST", f"/organizations/{org}/clients", json={"name": "robot", "scopes": []}).json()
    token = client_token(hall, client["client_id"], client["client_secret"]).json()["access_token"]
    guest = address("guest")
    ada.api("POST", f"/organizations/{org}/invitations", json={"email": guest, "role": "viewer"})
    link = hall.mail(guest).link("/invitations/").rsplit("/", 1)[1]
    Person(hall, ada.email).browser.post("/password/forgot", data={"email": ada.email})
    reset = hall.mail(ada.email, "new password").link("/password/reset/").rsplit("/", 1)[1]
    hall.http.get(f"/invitations/{link}")
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
        "streams": str([messages(hall, s) for s in ("IDENTITY", "ORGANIZATIONS", "NOTIFICATIONS")]),
        "databases": "\n".join(dump(dsn) for dsn in hall.info["postgres_dsn"].values()),
    }
    for place, text in places.items():
        assert text
        for what, secret in secrets.items():
            assert secret not in text, f"a {what} stands in the {place}"
            assert secret.encode().hex() not in text, f"a {what} stands in the {place}, in hex"
