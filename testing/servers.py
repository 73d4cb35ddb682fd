"""Servers for tests: embedded ones, or with TRADEHALL_TEST_SERVERS=containers those of the public images."""

import os
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import psycopg
from psycopg.sql import SQL, Identifier

from embedded.nats import Nats
from embedded.postgres import Postgres
from kit.db.database import Database
from kit.db.migrations import Migrations, migrate

if TYPE_CHECKING:
    from kit.settings import ServiceSettings
    from runtime.definition import Service

S = TypeVar("S", bound="ServiceSettings")
_numbers = count(1)


def in_containers() -> bool:
    """Whether this run wants its servers in containers."""
    return os.environ.get("TRADEHALL_TEST_SERVERS") == "containers"


def postgres() -> Postgres:
    """A server whose data are thrown away; start it with `with`."""
    if in_containers():
        from testing.containers import PostgresContainer  # its library is slow to import, and seldom needed

        return PostgresContainer()
    return Postgres(fsync=False)


def nats(folder: Path) -> Nats:
    """A server with JetStream that lets everybody in; start it with `with`."""
    if in_containers():
        from testing.containers import NatsContainer

        return NatsContainer(folder)
    return Nats(folder)


def emptied(dsn: str) -> None:
    """Leave a database as its migrations made it. The operator log stays: it is append-only."""
    with psycopg.connect(dsn) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' "
            "AND tablename NOT IN ('migrations', 'interventions')"
        ).fetchall()
        names = SQL(", ").join(Identifier(name) for (name,) in tables)
        connection.execute(SQL("TRUNCATE {} RESTART IDENTITY").format(names))


class Databases:
    """Databases of one server, each for one user.

    `migrated` runs each distinct list of migrations once and copies the result, which takes a tenth of the time.
    """

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._templates: dict[Sequence[tuple[str, str]], str] = {}

    def empty(self, name: str = "test") -> str:
        """The connection string of a new database without tables."""
        return self._server.create_database(f"{name}_{next(_numbers)}")

    def migrated(self, migrations: Migrations) -> str:
        """The connection string of a new database in which these migrations have run."""
        key = tuple(migrations)
        template = self._templates.get(key) or self._templates.setdefault(key, self._template(key))
        base, _, source = template.rpartition("/")
        name = f"test_{next(_numbers)}"
        copy = SQL("CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY file_copy")
        with psycopg.connect(self._server.admin_dsn, autocommit=True) as connection:
            connection.execute(copy.format(*map(Identifier, (name, source, source))))
        return f"{base}/{name}"

    def of(self, service: "type[Service[S]]") -> str:
        """The connection string of a new database with the tables of a service."""
        from runtime.application import migrations_of  # imports the whole kit, which tests of its parts do not need

        return self.migrated(migrations_of(service))

    def _template(self, migrations: Migrations) -> str:
        dsn = self.empty("template")
        database = Database(dsn)
        database.open()
        try:
            migrate(database, migrations)
        finally:
            database.close()
        return dsn
