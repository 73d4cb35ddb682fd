"""Load the dump of a backup into a database, and verify it."""

import subprocess
from pathlib import Path

import psycopg
from psycopg import sql

from deploy.cli.manifest import BadBackup, Part
from deploy.cli.postgres_programs import program, reaching


def load(file: Path, dsn: str) -> None:
    """Raises BadBackup with what pg_restore says."""
    where = reaching(dsn)
    argv = (
        program("pg_restore", dsn),
        "--no-owner",
        "--no-acl",
        "--exit-on-error",
        "--dbname",
        where["PGDATABASE"],
        str(file),
    )
    done = subprocess.run(argv, env=where, capture_output=True, text=True)  # noqa: S603 - PostgreSQL's own program
    if done.returncode:
        raise BadBackup(f"{file.name} could not be restored, and nothing was replaced: {done.stderr.strip()}")


def verify_counts(name: str, part: Part, dsn: str) -> None:
    """Raises BadBackup where a table has another number of rows than at the moment of the backup."""
    with psycopg.connect(dsn) as connection:
        for table, expected in part.tables.items():
            row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
            if row != (expected,):
                raise BadBackup(f"{name} has {row} rows of {table} instead of {expected}; nothing was replaced")
