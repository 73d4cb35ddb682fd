"""Numbered migrations of a service's database, kept in one schema.sql per slice."""

import logging
import re
import time
from collections.abc import Sequence
from pathlib import Path

from psycopg import OperationalError
from pydantic import SecretStr

from kit.db.database import Database

Migration = tuple[str, str]
Migrations = Sequence[Migration]
"""A name that is never changed once released, and SQL."""
_NAME = re.compile(r"^-- migration ([a-z0-9-]+)$", re.M)
_log = logging.getLogger("kit.migrations")


def read(schema: Path) -> Migrations:
    """The migrations of a schema.sql, in order: each begins with a line `-- migration NAME`."""
    _, *parts = _NAME.split(schema.read_text(encoding="utf-8"))
    return tuple((name, sql.strip()) for name, sql in zip(parts[::2], parts[1::2], strict=True))


def migrate(database: Database, migrations: Migrations) -> None:
    """Run each migration that has not run here yet, in order, by one replica at a time. Forward only: those that only
    a newer release knows stay, so that an older one can run beside it.

    All of them or none. Raises OperationalError where others use a table for longer than commands wait for its lock.
    """
    with database.long_work() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('migrations'))")
        # A migration that waits for a table has everybody else wait behind it, in replicas of the last release too.
        cursor.execute("SET LOCAL lock_timeout = '1s'")
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS migrations "
            "(name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        done = {row["name"] for row in cursor.execute("SELECT name FROM migrations").fetchall()}
        for name, sql in migrations:
            if name in done:
                continue
            cursor.execute(sql.encode())
            cursor.execute("INSERT INTO migrations (name) VALUES (%s)", (name,))


def opened(dsn: SecretStr, migrations: Migrations) -> Database:
    """The database with its tables made; waits as long as the server does not answer, or its tables are in use."""
    database = Database(dsn.get_secret_value())
    database.open()
    while True:
        try:
            migrate(database, migrations)
            _warn_of_statements_in_logs(database)
            return database
        except OperationalError as error:
            _log.warning("waiting for the database: %s", type(error).__name__)
            time.sleep(0.5)


def _warn_of_statements_in_logs(database: Database) -> None:
    found = database.one(
        "SELECT current_setting('log_min_error_statement') IN ('fatal', 'panic') "
        "AND current_setting('log_error_verbosity') = 'terse' AS discreet"
    )
    if found and not found["discreet"]:
        _log.warning(
            "the database server logs statements that fail, or rows, with their values: as its superuser, ALTER ROLE "
            "this service's role SET log_min_error_statement = 'panic', and SET log_error_verbosity = 'terse'"
        )
