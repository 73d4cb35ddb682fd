"""`python -m portal`: the service as a process, and its commands."""

from collections.abc import Iterator
from contextlib import contextmanager

from kit.db.migrations import opened
from kit.security.keys import MasterKey
from kit.service import serve
from portal.main import NAME, SCHEMA, build
from portal.settings import Settings
from privacy.post_restore import PostRestore
from runtime.cli import Keys, shell


def main() -> None:
    """Serve until SIGTERM, or do what the command line says."""
    shell(NAME, _serve, _keys, _restoring)(prog_name=NAME)


def _serve() -> None:
    settings = Settings.load()
    serve(build(settings), NAME, settings)


@contextmanager
def _keys() -> Iterator[Keys]:
    settings = Settings.load()
    database = opened(settings.postgres_dsn, SCHEMA)
    try:
        yield database, MasterKey(settings.master_key)
    finally:
        database.close()


@contextmanager
def _restoring() -> Iterator[PostRestore]:
    with _keys() as (database, _):
        yield PostRestore(database, {"sessions": "DELETE FROM sessions"})


if __name__ == "__main__":
    main()
