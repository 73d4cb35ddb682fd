"""A person is erased: what they wrote is in no database, no stream and no log afterwards, and others go on."""

import os
import subprocess
import sys
from pathlib import Path

from deploy.local import Tradehall
from deploy.local.services import python_path
from embedded.fixtures import wait_until
from tests.driver import Hall, Person
from tests.searching import dump, logs

NAME = "Zoe Wants-To-Be-Forgotten"


def erase(hall: Hall, var: Path, who: str) -> subprocess.CompletedProcess[str]:
    """What an operator types on the machine of the service."""
    secrets = var / "secrets"
    environment = {
        **os.environ,
        "PYTHONPATH": python_path(),
        "TRADEHALL_SERVICE_PORT": "0",
        "TRADEHALL_POSTGRES_DSN_FILE": str(secrets / "identity-dsn"),
        "TRADEHALL_NATS_URL": f"nats://{hall.info['nats_url'].rpartition('@')[2]}",
        "TRADEHALL_NATS_PASSWORD_FILE": str(secrets / "identity-nats"),
        "TRADEHALL_MASTER_KEY_FILE": str(secrets / "identity-master-key"),
        "TRADEHALL_PUBLIC_URL": hall.url,
        "TRADEHALL_ERASURE_LIST": str(var / "erasures" / "erased.txt"),
    }
    command = [sys.executable, "-m", "identity", "erase", who]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90)


def places(hall: Hall, tradehall: Tradehall) -> dict[str, str]:
    """Everything that is written down, but the mailbox, which is the person's own."""
    var = tradehall.openapi.parents[1]
    stored = b"".join(path.read_bytes() for path in (var / "nats").rglob("*") if path.is_file())
    return {
        "the bus": stored.decode(errors="replace"),
        "the logs": logs(tradehall),
        **{f"the database of {name}": dump(dsn) for name, dsn in hall.info["postgres_dsn"].items()},
    }


def traces(hall: Hall, tradehall: Tradehall, email: str) -> list[str]:
    """Where the person's address or name stands."""
    words = (email.lower(), NAME.lower())
    return [place for place, text in places(hall, tradehall).items() if any(word in text.lower() for word in words)]


def test_an_erased_person_is_nowhere_and_others_go_on(hall: Hall, tradehall: Tradehall) -> None:
    ada, zoe = hall.newcomer("ada"), hall.newcomer("zoe")
    email = zoe.email
    org, var = ada.organization, tradehall.openapi.parents[1]
    ada.api("POST", f"/organizations/{org}/invitations", json={"email": email, "role": "administrator"})
    assert zoe.api("PATCH", "/me", json={"name": NAME}).status_code == 200
    token = hall.mail(email, "invitation").link("/invitations/").rsplit("/", 1)[1]
    assert zoe.api("POST", f"/invitations/{token}/accept").status_code == 200
    mine = zoe.api("POST", "/organizations", json={"name": "Only hers"}).json()["id"]
    zoe.api("POST", f"/organizations/{mine}/invitations", json={"email": ada.email, "role": "viewer"})
    link = hall.mail(ada.email, "Only hers").link("/invitations/").rsplit("/", 1)[1]
    assert ada.api("POST", f"/invitations/{link}/accept").status_code == 200
    wait_until(lambda: len(traces(hall, tradehall, email)) >= 4)

    refused = erase(hall, var, email)

    assert (refused.returncode, "Only hers" in refused.stderr) == (1, True), refused.stderr
    raised = zoe.api("PATCH", f"/organizations/{mine}/members/{ada.id}", json={"role": "administrator"})
    assert raised.status_code == 200, raised.text
    done = erase(hall, var, email)
    assert done.returncode == 0, done.stderr
    assert "overwritten" in done.stdout
    assert email not in done.stdout
    wait_until(lambda: not traces(hall, tradehall, email), 60, "nothing left of the person")
    assert zoe.api("GET", "/me").status_code == 401
    members = ada.api("GET", f"/organizations/{org}/members").json()["items"]
    assert [member["email"] for member in members] == [ada.email]
    assert [one["email"] for one in ada.api("GET", f"/organizations/{mine}/members").json()["items"]] == [ada.email]
    assert Person(hall, email, zoe.password).sign_in().url.path == "/login"
    assert len((var / "erasures" / "erased.txt").read_text().splitlines()) == 1
