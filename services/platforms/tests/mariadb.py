"""A private MariaDB in a temporary folder, with TLS by an authority of its own, and tables as MetaTrader fills them."""

import getpass
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pymysql

from embedded.ports import free_port
from metatrader.simulator import Certificate
from testing.waiting import wait_until

READER, WRITER, PASSWORD = "reader", "writer", "Read-0nly-pass"


def _program(name: str) -> str | None:
    return shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin") or shutil.which(name)


def why_not() -> str | None:
    """Why these tests cannot run here, and what to install; None when they can."""
    lacking = [name for name in ("mariadbd", "mariadb-install-db") if _program(name) is None]
    if lacking:
        return f"needs {' and '.join(lacking)}: apt-get install --no-install-recommends mariadb-server"
    return None


class MariaDb:
    """Users: `reader` may only read, `writer` may do more; each database is made by `database`."""

    def __init__(self) -> None:
        self.port = free_port(None)
        self.certificate = Certificate.make()
        self._folder = Path(tempfile.mkdtemp(prefix="tradehall-mariadb-"))
        self._socket = str(self._folder / "s")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        # A temporary folder of its own: a server that starts removes temporary tables of another from a shared one.
        data = self._folder / "data"
        self._write_certificate(0o600)
        user = f"--user={getpass.getuser()}"
        install, server = _program("mariadb-install-db"), _program("mariadbd")
        assert install is not None
        assert server is not None
        made = subprocess.run(
            [install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal",
             "--skip-test-db", f"--tmpdir={self._folder}", user],
            capture_output=True, check=False,
        )  # fmt: skip
        assert made.returncode == 0, made.stdout + made.stderr
        self._log = (self._folder / "log").open("wb")
        self._process = subprocess.Popen(
            [server, "--no-defaults", f"--datadir={data}", f"--tmpdir={self._folder}", f"--socket={self._socket}",
             f"--port={self.port}", "--bind-address=127.0.0.1", user, f"--ssl-cert={self._folder / 'cert.pem'}",
             f"--ssl-key={self._folder / 'key.pem'}", "--innodb-buffer-pool-size=32M",
             "--innodb-flush-log-at-trx-commit=0", "--skip-log-bin", "--max-connect-errors=100000"],
            stdout=self._log, stderr=self._log,
        )  # fmt: skip
        wait_until(self._answers, 30, "MariaDB")
        self._make_users()
        return self

    def _write_certificate(self, mode: int) -> None:
        for name, text in (("cert.pem", self.certificate.pem), ("key.pem", self.certificate.key_pem)):
            path = self._folder / name
            path.touch()
            path.chmod(mode)
            path.write_text(text)

    def _make_users(self) -> None:
        self.run(
            f"CREATE USER '{READER}'@'%' IDENTIFIED BY '{PASSWORD}'",
            f"CREATE USER '{WRITER}'@'%' IDENTIFIED BY '{PASSWORD}'",
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(20)
        self._log.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def database(self, name: str, *statements: str) -> str:
        """An empty database of that name, or one that the statements fill; both users may read it."""
        self.run(
            f"DROP DATABASE IF EXISTS `{name}`",
            f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4",
            f"GRANT SELECT, SHOW VIEW ON `{name}`.* TO '{READER}'@'%'",
            f"GRANT SELECT, INSERT ON `{name}`.* TO '{WRITER}'@'%'",
        )
        self.run(*statements, database=name)
        return name

    def run(self, *statements: str, database: str | None = None, rows: Sequence[Sequence[Any]] = ()) -> None:
        """As root; with `rows` the last statement is run for each of them."""
        connection = self._as_root(database)
        try:
            with connection.cursor() as cursor:
                for statement in statements[: -1 if rows else None]:
                    cursor.execute(statement)
                if rows:
                    cursor.executemany(statements[-1], rows)
        finally:
            connection.close()

    def states(self, user: str) -> list[str]:
        """What each connection of a user is doing: `Sleep` when no statement runs."""
        with self._as_root(None) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT COMMAND FROM information_schema.PROCESSLIST WHERE USER = %s", (user,))
            return [str(row[0]) for row in cursor.fetchall()]

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """As a machine that hangs: its connections stay open and nothing comes."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        os.waitpid(self._process.pid, os.WUNTRACED)  # until it has stopped: a thread may be about to answer
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def _as_root(self, database: str | None) -> "pymysql.Connection[Any]":
        return pymysql.connect(unix_socket=self._socket, user="root", database=database, autocommit=True)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "log").read_text()[-2000:]
        return self._lets_in()

    def _lets_in(self) -> bool:
        try:
            self.run("SELECT 1")
        except pymysql.err.OperationalError:
            return False
        return True
