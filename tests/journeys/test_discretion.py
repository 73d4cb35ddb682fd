"""Known and unknown addresses cannot be told apart, and no secret stands where others read."""

import re
import statistics
import time
from collections.abc import Callable

import httpx

from deploy.local import Tradehall
from tests.driver import Hall, Person, address, client_token
from tests.searching import dump, logs, messages


def test_known_and_unknown_addresses_get_the_same_answer_in_the_same_time(hall: Hall) -> None:
    """Also when there were too many."""
    emails = {True: hall.newcomer("known").email, False: address("unknown")}
    asks: dict[str, Callable[[str], httpx.Response]] = {
        "registration": lambda email: hall.http.post("/api/v1/registrations", json={"email": email}),
        "reset": lambda email: hall.http.post("/api/v1/password-resets", json={"email": email}),
        "sign-in": lambda email: hall.http.post("/login", data={"email": email, "password": "wrong wrong 1"}),
    }
    for what, ask in asks.items():
        # A difference of ours shows in each turn, a neighbour's noise does not.
        ratios = [_known_beside_unknown(what, ask, emails)]
        while not 0.5 < ratios[-1] < 2 and len(ratios) < 3:
            ratios.append(_known_beside_unknown(what, ask, emails))
        assert 0.5 < ratios[-1] < 2, f"{what}: a known address takes {ratios} times as long"


def _known_beside_unknown(what: str, ask: Callable[[str], httpx.Response], emails: dict[bool, str]) -> float:
    """How many times as long a known address takes; the answers are the same."""
    times: dict[bool, list[float]] = {True: [], False: []}
    answers: dict[bool, list[tuple[int, str]]] = {True: [], False: []}
    for number in range(24):
        is_known = number % 2 == 0
        email = emails[is_known]
        started = time.perf_counter()
        answer = ask(email)
        times[is_known].append(time.perf_counter() - started)
        text = re.sub(r"in \d+ second", "in N second", answer.text.replace(email, ""))
        answers[is_known].append((answer.status_code, text))
    assert answers[True] == answers[False], what
    return statistics.median(times[True]) / statistics.median(times[False])


def test_no_secret_stands_in_logs_streams_or_databases(hall: Hall, tradehall: Tradehall) -> None:
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
