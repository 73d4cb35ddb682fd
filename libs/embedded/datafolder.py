"""The data folder of a PostgreSQL server: its place, its creation, and leftover servers that use it."""

import hashlib
import os
import secrets
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from embedded.accounts import Account, account_of, can_write, run_as, unprivileged_account
from embedded.binaries import PostgresBinaries, postgres_versions
from embedded.folders import make_folder
from embedded.process import EmbeddedError

STATE_FOLDER = Path("/var/lib/tradehall")
"""The folder for programs and data if this process is root and PostgreSQL's account cannot reach its folder."""


@dataclass(frozen=True)
class DataFolder:
    """A data folder, the account that uses it (None: that of this process), and programs it can run."""

    path: Path
    account: Account | None
    binaries: PostgresBinaries


def settle(folder: Path) -> DataFolder:
    """The data folder in `folder`, or below STATE_FOLDER when PostgreSQL's account cannot reach `folder`.

    Existing data keep their account and major version. Raises EmbeddedError if they cannot.
    """
    account = unprivileged_account()
    path = folder / "data"
    if account and not _reaches(account, folder, path):
        place = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
        path = make_folder(STATE_FOLDER / f"postgres-{place}") / "data"
    account = account_of(path) or account
    return DataFolder(path, account, _runnable(_binaries_for(path), account))


def initialise(data: DataFolder, admin_password: str, *, sync: bool) -> None:
    """Initialize the data if there are none. Raises EmbeddedError.

    It works in a temporary folder and renames it, so an interrupted start leaves no partial data.
    """
    if (data.path / "PG_VERSION").exists():
        return
    if data.path.exists() and any(data.path.iterdir()):
        raise EmbeddedError(
            f"{data.path} holds files but no PostgreSQL data (no PG_VERSION): restore it from a backup, "
            "or move it away to start with empty data"
        )
    fresh = data.path.with_name("data.new")
    shutil.rmtree(fresh, ignore_errors=True)
    make_folder(fresh, 0o700)
    password_file = fresh.with_name("data.password")
    password_file.touch(0o600)
    password_file.write_text(admin_password)
    if data.account:
        os.chown(fresh, data.account.uid, data.account.gid)
        os.chown(password_file, data.account.uid, data.account.gid)
    try:
        answer = run_as(data.account, _initdb(data.binaries, fresh, password_file, sync=sync))
    finally:
        password_file.unlink()
    if answer.returncode:
        raise EmbeddedError(f"PostgreSQL's data could not be initialised: {answer.stderr.strip()}")
    if data.path.exists():
        data.path.rmdir()
    fresh.rename(data.path)


def end_leftover(data: Path) -> None:
    """Stop a postmaster on this data whose parent was killed, and delete the pid file of one that has ended.

    The caller holds the folder's lock, so no other process manages such a postmaster.
    """
    note = data / "postmaster.pid"
    deadline = time.monotonic() + 15
    while (pid := _postmaster(note)) is not None:
        # The first seconds are for the fast shutdown that the parent's death has begun.
        left = deadline - time.monotonic()
        if left < 0:
            raise EmbeddedError(f"a PostgreSQL (process {pid}) still runs on {data}: end it first")
        if left < 10:
            os.kill(pid, signal.SIGQUIT)
        time.sleep(0.1)
    note.unlink(missing_ok=True)


def kept_password(path: Path) -> str:
    """The password in the file. The first call generates and stores it."""
    if not path.exists():
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
    return path.read_text().strip()


def _reaches(account: Account, folder: Path, data: Path) -> bool:
    if data.exists() and (owner := account_of(data)):
        return can_write(owner, data)
    trial = make_folder(folder / "reachable", 0o700)
    os.chown(trial, account.uid, account.gid)
    try:
        return can_write(account, trial)
    finally:
        trial.rmdir()


def _binaries_for(data: Path) -> PostgresBinaries:
    """The programs for existing data by their major version, for new data the newest."""
    versions = postgres_versions()
    try:
        major = int((data / "PG_VERSION").read_text())
    except FileNotFoundError:
        return versions[max(versions)]
    except (OSError, ValueError) as error:
        raise EmbeddedError(
            f"{data} is no readable PostgreSQL data folder: "
            "restore it from a backup, or move it away to start with empty data"
        ) from error
    if major not in versions:
        raise EmbeddedError(
            f"{data} was written by PostgreSQL {major}, and the programs here are of "
            f"{' and '.join(map(str, sorted(versions)))}: move the data with pg_dump and psql, "
            "or move the folder away to start with empty data"
        )
    return versions[major]


def _runnable(binaries: PostgresBinaries, account: Account | None) -> PostgresBinaries:
    """Programs that the account can run: the wheel's, or a copy below STATE_FOLDER."""
    try:
        if run_as(account, [binaries.program("postgres"), "--version"]).returncode == 0:
            return binaries
    except PermissionError:
        pass
    return binaries.copied_below(make_folder(STATE_FOLDER, 0o755))


def _initdb(binaries: PostgresBinaries, data: Path, password_file: Path, *, sync: bool) -> list[str]:
    locale = ["--locale=C"]
    if binaries.major >= 17:
        locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return [
        binaries.program("initdb"),
        *("--pgdata", str(data), "--username=postgres", f"--pwfile={password_file}"),
        *("--auth=scram-sha-256", "--encoding=UTF8", *locale),
        *([] if sync else ["--no-sync"]),
    ]


def _postmaster(note: Path) -> int | None:
    """The running process named in postmaster.pid, if it is a postmaster on this data."""
    try:
        pid = int(note.read_text().split("\n")[0])
        works_in = Path(f"/proc/{pid}/cwd").resolve(strict=True)
    except (OSError, ValueError):
        return None
    return pid if works_in == note.parent.resolve() else None
