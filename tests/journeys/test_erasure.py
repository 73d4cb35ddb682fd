"""A person is erased: what they wrote is in no database, no stream and no log afterwards, and others go on."""

import json
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from testing.driver import SystemDriver, UserDriver
from testing.shared import Shared
from testing.stored_text import dump, logs
from testing.waiting import wait_until
from tests.recovery.operator_cli import answer
from tests.recovery.operator_cli import tradehall as command

pytestmark = pytest.mark.timeout(400)  # many programs, one after the other; each of the waits has its own limit
NAME = "Zoe Wants-To-Be-Forgotten"


def places(driver: SystemDriver, tradehall: Shared) -> dict[str, Callable[[], str]]:
    """Everything that is written down, but the mailbox, which is the person's own."""
    var = tradehall.folder
    return {
        "the bus": lambda: b"".join(path.read_bytes() for path in (var / "nats").rglob("*") if path.is_file()).decode(
            errors="replace"
        ),
        "the logs": lambda: logs(tradehall),
        **{f"the database of {name}": partial(dump, dsn) for name, dsn in driver.info["postgres_dsn"].items()},
    }


class Search:
    """Where the person's address or name is; everything is long, so each place is read again only where it must be."""

    def __init__(self, driver: SystemDriver, tradehall: Shared, email: str) -> None:
        self._places = places(driver, tradehall)
        self._words = (email.lower(), NAME.lower())

    def traces(self) -> list[str]:
        return [place for place in self._places if self._is_in(place)]

    def wait_for_traces(self, count: int) -> None:
        self._wait(False, len(self._places) - count, "traces of the person")

    def wait_for_none(self) -> None:
        self._wait(True, 0, "nothing left of the person")
        assert self.traces() == []

    def _wait(self, found: bool, most: int, what: str) -> None:
        """Until the person is in all places but so many, or not."""
        left = list(self._places)

        def few_left() -> bool:
            left[:] = [place for place in left if self._is_in(place) is found]
            return len(left) <= most

        wait_until(few_left, 60, what)

    def _is_in(self, place: str) -> bool:
        text = self._places[place]().lower()
        return any(word in text for word in self._words)


def what_is_held(var: Path, zoe: UserDriver, ada: UserDriver, folder: Path) -> None:
    """The export contains all data of the user, no credentials, and nothing about others."""
    file = folder / "zoe.json"
    answer(var, "person", "export", zoe.email, "--file", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    assert "argon2" not in text
    assert ada.email.lower() not in text.lower()
    found = json.loads(text)["services"]
    assert set(found) == {"identity", "organizations", "platforms", "notifications", "portal"}
    assert found["identity"]["rows"]["people"][0]["name"] == NAME
    assert found["identity"]["rows"]["sessions"][0]["address"]
    assert len(found["organizations"]["rows"]["members"]) == 3
    assert {one["type"] for one in found["organizations"]["events"]} >= {
        "Organization.OrgCreated",
        "Invitation.MemberInvited",
    }
    assert found["notifications"]["rows"]["notifications"]
    again = command(var, "person", "export", zoe.email, "--file", str(file))
    assert (again.returncode, "choose another file" in again.stderr) == (1, True)


def test_an_erased_user_is_gone_and_others_are_unaffected(
    driver: SystemDriver, tradehall: Shared, tmp_path: Path
) -> None:
    ada, zoe = driver.new_user("ada"), driver.new_user("zoe")
    email = zoe.email
    org, var = ada.organization, tradehall.folder
    ada.api("POST", f"/organizations/{org}/invitations", json={"email": email, "role": "administrator"})
    assert zoe.api("PATCH", "/me", json={"name": NAME}).status_code == 200
    token = driver.mail(email, "invitation").link("/invitations/").rsplit("/", 1)[1]
    assert zoe.api("POST", f"/invitations/{token}/accept").status_code == 200
    mine = zoe.api("POST", "/organizations", json={"name": "Only hers"}).json()["id"]
    zoe.api("POST", f"/organizations/{mine}/invitations", json={"email": ada.email, "role": "viewer"})
    link = driver.mail(ada.email, "Only hers").link("/invitations/").rsplit("/", 1)[1]
    assert ada.api("POST", f"/invitations/{link}/accept").status_code == 200
    search = Search(driver, tradehall, email)
    search.wait_for_traces(4)

    what_is_held(var, zoe, ada, tmp_path)
    refused = command(var, "person", "erase", email, "--yes")
    assert (refused.returncode, "Only hers" in refused.stderr) == (1, True), refused.stderr
    raised = zoe.api("PATCH", f"/organizations/{mine}/members/{ada.id}", json={"role": "administrator"})
    assert raised.status_code == 200, raised.text
    told = answer(var, "person", "erase", email, "--yes")
    assert email not in json.dumps(told)
    services = told["services"]
    assert services["identity"]["destroyed"]["passwords"] == 1
    assert services["organizations"]["destroyed"]["members"] == 3
    assert services["organizations"]["unreadable"]["invitations"] == 1
    assert services["notifications"]["unreadable"]["people"] == 1
    assert not any(one["left"] for one in services.values()), services
    assert told["keys"] == {"identity": 1, "organizations": 1}
    search.wait_for_none()
    assert zoe.api("GET", "/me").status_code == 401
    members = ada.api("GET", f"/organizations/{org}/members").json()["items"]
    assert [member["email"] for member in members] == [ada.email]
    assert [one["email"] for one in ada.api("GET", f"/organizations/{mine}/members").json()["items"]] == [ada.email]
    assert UserDriver(driver, email, zoe.password).sign_in().url.path == "/login"
    assert len((var / "erasures" / "erased.txt").read_text().splitlines()) == 1
