"""`python -m portal`: the service as a process, and its commands."""

from collections.abc import Iterator
from contextlib import contextmanager

from kit.db.migrations import opened
from kit.security.keys import MasterKey
from kit.service import serve
from portal.service import PortalService, build
from portal.settings import Settings
from privacy.post_restore import PostRestore
from runtime.cli import Keys, shell


def main() -> None:
    """Serve until SIGTERM, or run the command that the command line names."""
    shell(PortalService.name, _serve, _keys, _post_restore)(prog_name=PortalService.name)


def _serve() -> None:
    settings = Settings.load()
    serve(build(settings), PortalService.name, settings)


@contextmanager
def _keys() -> Iterator[Keys]:
    settings = Settings.load()
    database = opened(settings.postgres_dsn, PortalService.migrations)
    try:
        yield database, MasterKey(settings.master_key)
    finally:
        database.close()


@contextmanager
def _post_restore() -> Iterator[PostRestore]:
    with _keys() as (database, _):
        yield PostRestore(database, PortalService.removed_by_restore)


if __name__ == "__main__":
    main()
