"""PostgreSQL's own programs, which take where to connect from the environment: a command line is read by others."""

import os
from collections.abc import Mapping

from psycopg.conninfo import conninfo_to_dict

from embedded.binaries import postgres_versions

_VARIABLES = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}


def program(name: str) -> str:
    """Path of a program of the newest PostgreSQL here, such as `pg_dump`."""
    versions = postgres_versions()
    return versions[max(versions)].program(name)


def reaching(dsn: str) -> Mapping[str, str]:
    """The environment of a program that is to connect there."""
    facts = conninfo_to_dict(dsn)
    return {**os.environ, **{variable: str(facts[name]) for name, variable in _VARIABLES.items() if facts.get(name)}}
