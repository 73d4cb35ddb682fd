"""A person is erased: what they wrote is in no database, no stream and no log afterwards, and others go on."""

import json
import stat
from pathlib import Path

import pytest

from testing.driver import Hall, Person
from testing.searching import dump, logs
from testing.shared import Shared
from testing.waiting import wait_until
from tests.recovery.operating import answer
from tests.recovery.operating import tradehall as command

pytestmark = pytest.mark.timeout(400)  # many programs, one after the other; each of the waits has its own limit
NAME = "Zoe Wants-To-Be-Forgotten"


def places(hall: Hall, tradehall: Shared) -> dict[str, str]:
    """Everything that is written down, but the mailbox, which is the person's own."""
    var = tradehall.folder
    stored = b"".join(path.read_bytes() for path in (var / "nats").rglob("*") if path.is_file())
    return {
        "the bus": stored.decode(errors="replace"),
        "the logs": logs(tradehall),
        **{f"the database of {name}": dump(dsn) for name, dsn in hall.info["postgres_dsn"].items()},
    }


def traces(hall: Hall, tradehall: Shared, email: str) -> list[str]:
    """Where the person's address or name stands."""
    words = (email.lower(), NAME.lower())
    return [place for place, text in places(hall, tradehall).items() if any(word in text.lower() for word in words)]


def what_is_held(var: Path, zoe: Person, ada: Person, folder: Path) -> None:
    """The person may have everything that is known about them, and nothing that lets in, or is about others."""
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


def test_an_erased_person_is_nowhere_and_others_go_on(hall: Hall, tradehall: Shared, tmp_path: Path) -> None:
    ada, zoe = hall.newcomer("ada"), hall.newcomer("zoe")
    email = zoe.email
    org, var = ada.organization, tradehall.folder
    ada.api("POST", f"/organizations/{org}/invitations", json={"email": email, "role": "administrator"})
    assert zoe.api("PATCH", "/me", json={"name": NAME}).status_code == 200
    token = hall.mail(email, "invitation").link("/invitations/").rsplit("/", 1)[1]
    assert zoe.api("POST", f"/invitations/{token}/accept").status_code == 200
    mine = zoe.api("POST", "/organizations", json={"name": "Only hers"}).json()["id"]
    zoe.api("POST", f"/organizations/{mine}/invitations", json={"email": ada.email, "role": "viewer"})
    link = hall.mail(ada.email, "Only hers").link("/invitations/").rsplit("/", 1)[1]
    assert ada.api("POST", f"/invitations/{link}/accept").status_code == 200
    wait_until(lambda: len(traces(hall, tradehall, email)) >= 4)

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
    wait_until(lambda: not traces(hall, tradehall, email), 60, "nothing left of the person")
    assert zoe.api("GET", "/me").status_code == 401
    members = ada.api("GET", f"/organizations/{org}/members").json()["items"]
    assert [member["email"] for member in members] == [ada.email]
    assert [one["email"] for one in ada.api("GET", f"/organizations/{mine}/members").json()["items"]] == [ada.email]
    assert Person(hall, email, zoe.password).sign_in().url.path == "/login"
    assert len((var / "erasures" / "erased.txt").read_text().splitlines()) == 1
