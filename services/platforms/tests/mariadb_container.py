"""The same MariaDB out of the public image, for tests run with TRADEHALL_TEST_SERVERS=containers."""

import secrets
import shutil
from types import TracebackType
from typing import Any, Self

import pymysql

from platforms.tests.mariadb import MariaDb
from testing.containers import container
from testing.waiting import wait_until

MARIADB_IMAGE = "mariadb:11"


class MariaDbContainer(MariaDb):
    """Its root has a password, since it is reached by network."""

    def __init__(self) -> None:
        super().__init__()
        self._password = secrets.token_urlsafe(16)

    def __enter__(self) -> Self:
        self._write_certificate(0o444)  # the server's account is another; the folder is closed to all others
        self._container = container(
            MARIADB_IMAGE,
            (self.port, 3306),
            ["mariadbd", "--ssl-cert=/tls/cert.pem", "--ssl-key=/tls/key.pem", "--innodb-buffer-pool-size=32M",
             "--innodb-flush-log-at-trx-commit=0", "--skip-log-bin", "--max-connect-errors=100000"],
            environment={"MARIADB_ROOT_PASSWORD": self._password},
            files={self._folder / name: f"/tls/{name}" for name in ("cert.pem", "key.pem")},
        )  # fmt: skip
        wait_until(self._lets_in, 90, "MariaDB in its container")
        self._make_users()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _as_root(self, database: str | None) -> "pymysql.Connection[Any]":
        return pymysql.connect(
            host="127.0.0.1", port=self.port, user="root", password=self._password, database=database, autocommit=True
        )
