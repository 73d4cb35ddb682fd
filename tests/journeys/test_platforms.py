"""A platform from its first wrong credentials to a program that reads its deals, and no password left anywhere."""

import base64
import csv
import io
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from embedded.ports import free_port
from metatrader.credentials import password_hash
from metatrader.simulator import invent
from platforms.tests.mariadb import PASSWORD, READER, WRITER, MariaDb, why_not
from platforms.tests.tables import export_of
from testing.driver import SystemDriver, UserDriver, call, client_token
from testing.shared import Shared
from testing.stored_text import dump, logs, messages
from testing.waiting import wait_until

WRONG = "Wrong-pass-of-nobody-7"


@pytest.fixture(scope="module")
def database() -> Iterator[MariaDb]:
    """With what the demo's simulator holds, as its export would write it, and an empty one."""
    if reason := why_not():
        pytest.skip(reason)
    with MariaDb() as server:
        export_of(invent(), server, "export")
        server.database("empty")
        yield server


class Platform:
    """One platform in the hands of its administrator; keeps every answer."""

    def __init__(self, driver: SystemDriver, owner: UserDriver) -> None:
        self.driver, self.owner = driver, owner
        self.answers: list[str] = []
        org = owner.organization
        body = {"name": "Live", "kind": "mt5", "api": "mt5-webapi"}
        self.path = f"/organizations/{org}/platforms"
        self.path += "/" + self.kept(owner.api("POST", self.path, json=body)).json()["id"]

    def kept(self, answer: httpx2.Response) -> httpx2.Response:
        self.answers.append(f"{answer.headers}{answer.text}")
        return answer

    def failing(self, target: str, credentials: dict[str, Any]) -> tuple[str, str]:
        """The outcome of a check of credentials that are not stored, and the stage that says so."""
        body = {"target": target, "credentials": credentials}
        result = self.kept(self.owner.api("POST", f"{self.path}/checks", json=body)).json()
        (stage,) = [step for step in result["steps"] if step["outcome"] not in ("ok", "skipped")]
        assert stage["detail"], "it says what to do"
        assert result["outcome"] in (stage["outcome"], "degraded")
        return stage["outcome"], stage["name"]

    def stored(self, target: str, credentials: dict[str, Any], state: str, reason: str | None = None) -> None:
        """Store them, and wait until the check that follows has given the platform this state."""
        answer = self.kept(self.owner.api("PUT", f"{self.path}/{target}-credentials", json=credentials))
        assert answer.status_code == 200, answer.text

        def reached() -> bool:
            status = self.kept(self.owner.api("GET", self.path)).json()["status"]
            return bool(status["state"] == state and (reason is None or reason in status["reason"]))

        wait_until(reached, 20, f"the platform to be {state}")

    def deals(self, token: str, source: str) -> list[dict[str, Any]]:
        """All deals as a program reads them, page by page, in the order of their tickets."""
        found: list[dict[str, Any]] = []
        query = {"source": source, "limit": "200"}
        while True:
            answer = self.kept(call(self.driver, token, "GET", f"{self.path}/deals", params=query))
            assert answer.status_code == 200, answer.text
            found += answer.json()["items"]
            if answer.json()["next_cursor"] is None:
                return sorted(found, key=lambda deal: int(deal["ticket"]))
            query["cursor"] = answer.json()["next_cursor"]

    def exported(self, token: str, source: str) -> list[dict[str, str]]:
        answer = call(
            self.driver, token, "GET", f"{self.path}/deals", params={"source": source}, headers={"Accept": "text/csv"}
        )
        return sorted(csv.DictReader(io.StringIO(self.kept(answer).text)), key=lambda deal: int(deal["ticket"]))


def test_checks_explain_failures_and_both_sources_agree(
    driver: SystemDriver, tradehall: Shared, database: MariaDb
) -> None:
    platform = Platform(driver, driver.new_user("ada"))
    place = driver.info["demo"]["mt5-webapi"]
    api = {**place, "host": "localhost"}
    closed = free_port(None)
    assert [
        platform.failing("api", {**api, **wrong})
        for wrong in (
            {"host": "nowhere.invalid"},
            {"port": closed},
            {"password": WRONG},
            {"login": api["login"] + 1},
            {"login": api["login"] + 2},
            {"login": api["login"] + 3},
        )
    ] == [
        ("name-not-found", "name"),
        ("port-closed", "port"),
        ("bad-credentials", "sign-in"),
        ("account-disabled", "sign-in"),
        ("address-blocked", "sign-in"),
        ("right-missing", "rights"),
    ]
    platform.stored("api", {**api, "password": WRONG}, "refused", "bad-credentials")
    platform.stored("api", api, "ok")

    db = {"host": "localhost", "port": database.port, "database": "export", "user": READER, "password": PASSWORD,
          "ca_pem": database.certificate.ca_pem}  # fmt: skip
    assert [
        platform.failing("db", {**db, **wrong})
        for wrong in ({"port": closed}, {"ca_pem": None}, {"password": WRONG}, {"database": "empty"})
    ] == [
        ("port-closed", "port"),
        ("tls-failed", "tls"),
        ("bad-credentials", "sign-in"),
        ("schema-missing", "schema"),
    ]
    platform.stored("db", {**db, "user": WRITER}, "degraded", "writable-grants")
    platform.stored("db", db, "ok")

    token = _program(driver, platform)
    over_api, from_database = platform.deals(token, "api"), platform.deals(token, "db")
    assert len(over_api) == sum(map(len, invent().deals.values()))
    assert over_api == from_database
    assert platform.exported(token, "api") == platform.exported(token, "db")
    _nothing_is_found(driver, tradehall, platform, {WRONG, PASSWORD, place["password"]})


def _program(driver: SystemDriver, platform: Platform) -> str:
    """The token of a client that may read accounts, and nothing else."""
    clients = platform.path.split("/platforms/")[0] + "/clients"
    made = platform.owner.api("POST", clients, json={"name": "Back office", "scopes": ["accounts:read"]}).json()
    return str(client_token(driver, made["client_id"], made["client_secret"]).json()["access_token"])


def _nothing_is_found(driver: SystemDriver, tradehall: Shared, platform: Platform, passwords: set[str]) -> None:
    """Neither the passwords, nor what MT5 signs in with instead, in any usual writing."""
    places = {
        "answers": "\n".join(platform.answers),
        "logs": logs(tradehall),
        "streams": str(
            [messages(driver, each) for each in ("IDENTITY", "ORGANIZATIONS", "PLATFORMS", "NOTIFICATIONS")]
        ),
        "databases": "\n".join(dump(dsn) for dsn in driver.info["postgres_dsn"].values()),
    }
    assert "PlatformCredentialsSet" in places["streams"]
    secrets = [form for password in passwords for form in (password.encode(), password_hash(password).raw)]
    for where, text in places.items():
        assert text
        for secret in secrets:
            shown = (repr(secret)[2:-1], secret.hex(), base64.b64encode(secret).decode().rstrip("="))
            assert not [form for form in shown if form in text], f"a platform's password stands in the {where}"
