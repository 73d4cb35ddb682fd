"""PostgreSQL's own programs, which take where to connect from the environment: a command line is read by others."""

import os
from collections.abc import Mapping

import psycopg
from psycopg.conninfo import conninfo_to_dict

from embedded.binaries import postgres_versions

_VARIABLES = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}


def program(name: str, dsn: str | None = None) -> str:
    """Path of a program, such as `pg_dump`, of the newest PostgreSQL here, or as near as can be to the server there."""
    versions = postgres_versions()
    chosen = max(versions)
    if dsn is not None:
        with psycopg.connect(dsn) as connection:
            server = connection.info.server_version // 10_000
        chosen = min((version for version in versions if version >= server), default=chosen)
    return versions[chosen].program(name)


def reaching(dsn: str) -> Mapping[str, str]:
    """The environment of a program that is to connect there."""
    facts = conninfo_to_dict(dsn)
    return {**os.environ, **{variable: str(facts[name]) for name, variable in _VARIABLES.items() if facts.get(name)}}
