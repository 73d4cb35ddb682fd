"""The drill: a system with its work is backed up, goes on, loses its disk, and comes back from the backup."""

import json
import os
import shutil
import stat
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from contracts.streams import STREAMS
from deploy.local import Tradehall
from deploy.service_settings import SERVICES
from embedded import temporary_folder
from testing.driver import SystemDriver, UserDriver, call, client_token
from testing.stored_text import dump, messages
from tests.recovery.operator_cli import answer, nothing_is_parked, tradehall, typed, unpacked

pytestmark = pytest.mark.timeout(600)  # many programs, one after the other; each of the waits has its own limit
NAME = "Zoe Wants-To-Be-Forgotten"


@dataclass
class Drill:
    """What is kept apart from `var`, and what the people remember."""

    folder: Path
    ada: UserDriver
    zoe: UserDriver
    late: UserDriver
    client: dict[str, Any]
    platform: str
    old_token: str
    sources: set[str]

    @property
    def var(self) -> Path:
        return self.folder / "var"

    @property
    def backup(self) -> Path:
        return self.folder / "backup"

    @property
    def keys(self) -> list[str]:
        """The master keys without their names."""
        return [path.read_text().split(":")[1].strip() for path in (self.folder / "apart").glob("*-master-key")]

    @property
    def restore(self) -> tuple[str, ...]:
        """What brings everything back."""
        apart = self.folder / "apart"
        return ("restore", str(self.backup), "--master-keys", str(apart), "--erasure-list", str(apart / "erased.txt"))


def sources(driver: SystemDriver) -> set[str]:
    """The events that a downstream system receives, with their epochs."""
    return {event["source"] for stream in STREAMS.values() for event in messages(driver, stream.name)}


@pytest.fixture(scope="module")
def drill() -> Iterator[Drill]:
    """All up to the loss of the disk."""
    with temporary_folder() as folder:
        (folder / "apart").mkdir()
        var, environment = (
            folder / "var",
            {**os.environ, "TRADEHALL_ERASURE_LIST": str(folder / "apart" / "erased.txt")},
        )
        with Tradehall(var, environment=environment, demo=True) as system:
            driver = SystemDriver(system.info)
            made = work(driver, folder)
            answer(var, "backup", str(folder / "backup"))
            made.late = driver.new_user("late")
            erased = answer(var, "person", "erase", made.zoe.email, "--yes")
            assert not any(one["left"] for one in erased["services"].values()), erased
            assert erased["services"]["organizations"]["unreadable"]["people"] == 1
            made.sources = sources(driver)
            driver.close()
        for path in (var / "secrets").glob("*-master-key"):
            shutil.copy(path, folder / "apart")
        shutil.move(var / "demo", folder / "demo")  # the brokers' servers, which are not part of the system
        ports = (var / "ports.json").read_text()
        shutil.rmtree(var)
        var.mkdir()
        (var / "ports.json").write_text(ports)
        shutil.move(folder / "demo", var / "demo")
        yield made


def work(driver: SystemDriver, folder: Path) -> Drill:
    """The quick start, a member who will want to be forgotten, and a platform that is reached."""
    ada, zoe = driver.new_user("ada"), driver.new_user("zoe")
    org = ada.organization
    assert zoe.api("PATCH", "/me", json={"name": NAME}).status_code == 200
    ada.api("POST", f"/organizations/{org}/invitations", json={"email": zoe.email, "role": "manager"})
    token = driver.mail(zoe.email, "invitation").link("/invitations/").rsplit("/", 1)[1]
    assert zoe.api("POST", f"/invitations/{token}/accept").status_code == 200
    client = ada.api("POST", f"/organizations/{org}/clients", json={"name": "CRM", "scopes": ["accounts:read"]}).json()
    platforms = f"/organizations/{org}/platforms"
    body = {"name": "Live", "kind": "mt5", "api": "mt5-webapi"}
    platform = f"{platforms}/{ada.api('POST', platforms, json=body).json()['id']}"
    credentials = {**driver.info["demo"]["mt5-webapi"], "host": "localhost"}
    assert ada.api("PUT", f"{platform}/api-credentials", json=credentials).status_code == 200
    return Drill(folder, ada, zoe, zoe, client, platform, ada.token, set())


def test_a_backup_is_private_complete_and_never_overwritten(drill: Drill) -> None:
    files = sorted(path.name for path in drill.backup.iterdir())
    assert files == ["identity.dump", "manifest.json", "notifications.dump", "organizations.dump", "platforms.dump",
                     "portal.dump"]  # fmt: skip
    assert {stat.S_IMODE(path.stat().st_mode) for path in drill.backup.iterdir()} == {0o600}
    assert stat.S_IMODE(drill.backup.stat().st_mode) == 0o700
    text = (drill.backup / "manifest.json").read_text() + "".join(map(unpacked, drill.backup.glob("*.dump")))
    assert drill.ada.email in text, "a place where secrets would be seen"
    assert len(drill.keys) == len(SERVICES)
    for secret in (*drill.keys, drill.ada.password, drill.client["client_secret"], drill.old_token):
        assert secret not in text
        assert secret.encode().hex() not in text
    assert not [key for key in drill.keys if b64decode(key).hex() in text]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"--erasure-list": "nowhere"}, "--nobody-erased"),
        ({"--master-keys": "empty"}, "identity-master-key is missing"),
        ({"--master-keys": "other"}, "wrong master key"),
        ({"--master-keys": "nameless"}, "wrong master key"),
    ],
)
def test_an_impossible_restore_is_refused_before_any_change(
    drill: Drill, change: dict[str, str], complaint: str
) -> None:
    (drill.folder / "empty").mkdir(exist_ok=True)
    shutil.copytree(drill.folder / "apart", drill.folder / "other", dirs_exist_ok=True)
    (platforms := drill.folder / "other" / "platforms-master-key").write_text(
        (drill.folder / "apart" / "platforms-master-key").read_text().split(":")[0]
        + (drill.folder / "apart" / "portal-master-key").read_text()[8:]
    )
    assert platforms.exists()
    shutil.copytree(drill.folder / "apart", drill.folder / "nameless", dirs_exist_ok=True)
    (drill.folder / "nameless" / "platforms-master-key").write_text(drill.keys[0])
    arguments = list(drill.restore)
    for option, value in change.items():
        arguments[arguments.index(option) + 1] = str(drill.folder / value)
    done = tradehall(drill.folder / "fresh", *arguments)
    assert (done.returncode, complaint in done.stderr) == (1, True), done.stderr
    assert not [key for key in drill.keys if key in done.stderr + done.stdout]
    assert not (drill.folder / "fresh").exists()


def test_a_damaged_backup_is_refused(drill: Drill) -> None:
    damaged = drill.folder / "damaged"
    shutil.copytree(drill.backup, damaged)
    content = bytearray((damaged / "identity.dump").read_bytes())
    content[len(content) // 2] ^= 1
    (damaged / "identity.dump").write_bytes(content)
    done = tradehall(drill.folder / "fresh", "restore", str(damaged), *drill.restore[2:])
    assert (done.returncode, "identity.dump, of identity, is not what" in done.stderr) == (1, True), done.stderr
    manifest = json.loads((damaged / "manifest.json").read_text())
    (damaged / "manifest.json").write_text(json.dumps({**manifest, "release": "99.0.0"}))
    done = tradehall(drill.folder / "fresh", "restore", str(damaged), *drill.restore[2:])
    assert (done.returncode, "release 99.0.0" in done.stderr) == (1, True), done.stderr
    assert not (drill.folder / "fresh").exists()


def test_a_restore_after_a_disk_loss_contains_all_but_erased_users(drill: Drill) -> None:
    told = answer(drill.var, *drill.restore)["services"]
    assert {name: one["differing"] for name, one in told.items()} == {name: {} for name in told}
    assert told["identity"]["ended"]["sessions"] == 2
    again = tradehall(drill.var, *drill.restore)
    assert (again.returncode, "say --replace" in again.stderr) == (1, True), again.stderr

    with Tradehall(drill.var, demo=True) as system:
        driver = SystemDriver(system.info)
        everything_is_there(driver, drill)
        nothing_is_left_of_the_erased(driver, drill)
        the_copies_are_whole(driver, drill)
        driver.close()
    replaced = at_a_terminal(drill)
    assert replaced["identity"]["rows"] == told["identity"]["rows"]
    assert replaced["identity"]["epoch"] != told["identity"]["epoch"]


def at_a_terminal(drill: Drill) -> Any:
    """The same again in the place of what is there, by an operator who is asked for the master keys."""
    asked_for = drill.restore.index("--master-keys")
    arguments = (*drill.restore[:asked_for], *drill.restore[asked_for + 2 :], "--replace", "--json")
    question = "Folder with the copies of the master keys:"
    code, said, terminal = typed(drill.var, question, str(drill.folder / "apart"), *arguments)
    assert (code, terminal.count(question)) == (0, 1), terminal
    assert not [key for key in drill.keys if key in said + terminal]
    return json.loads(said)["services"]


def everything_is_there(driver: SystemDriver, drill: Drill) -> None:
    ada = UserDriver(driver, drill.ada.email, drill.ada.password)
    assert call(driver, drill.old_token, "GET", "/me").status_code == 401, "tokens from before are over"
    assert ada.sign_in().url.path != "/login"
    org = ada.organization
    assert [one["email"] for one in ada.api("GET", f"/organizations/{org}/members").json()["items"]] == [ada.email]
    assert UserDriver(driver, drill.late.email, drill.late.password).sign_in().url.path == "/login", (
        "came after the backup"
    )
    token = client_token(driver, drill.client["client_id"], drill.client["client_secret"])
    assert token.status_code == 200, token.text
    checked = ada.api("POST", f"{drill.platform}/checks", json={"target": "api"})
    assert checked.json()["outcome"] == "ok", checked.text  # so the stored credentials were decrypted
    new_user = driver.new_user("after")
    assert new_user.organization


def nothing_is_left_of_the_erased(driver: SystemDriver, drill: Drill) -> None:
    assert UserDriver(driver, drill.zoe.email, drill.zoe.password).sign_in().url.path == "/login"
    events = json.dumps([messages(driver, stream.name) for stream in STREAMS.values()])
    stored = "".join(dump(dsn) for dsn in driver.info["postgres_dsn"].values())
    for word in (drill.zoe.email, NAME):
        assert word.lower() not in stored.lower()
        assert word.lower() not in events.lower()


def the_copies_are_whole(driver: SystemDriver, drill: Drill) -> None:
    """The bus is filled from the databases, in lives that those who listen can tell from the lost ones."""
    assert all(one["sound"] for one in answer(drill.var, "streams", "verify"))
    new = sources(driver) - drill.sources
    assert {source.split("/")[1] for source in new} >= {"identity", "organizations", "notifications"}
    assert nothing_is_parked(driver.info["postgres_dsn"])
