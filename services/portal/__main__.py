"""`python -m portal`: the service as a process, and its commands."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from kit.db.database import Database
from kit.db.migrations import opened
from kit.security.keys import MasterKey
from kit.service import serve
from portal.service import PortalService, build
from portal.settings import Settings
from privacy.export import Holder
from privacy.post_restore import PostRestore
from runtime.actions.master_keys import REWRAP_KEYS
from runtime.actions.personal_data import EXPORT, POST_RESTORE
from runtime.cli import shell

T = TypeVar("T")


def main() -> None:
    """Serve until SIGTERM, or run the command that the command line names."""
    actions = (
        (REWRAP_KEYS, _opened(lambda database, master: (database, master))),
        (POST_RESTORE, _opened(lambda database, _: PostRestore(database, PortalService.removed_by_restore))),
        (EXPORT, _opened(lambda database, _: Holder(database))),
    )
    shell(PortalService.name, _serve, actions)(prog_name=PortalService.name)


def _serve() -> None:
    settings = Settings.load()
    serve(build(settings), PortalService.name, settings)


def _opened(part: Callable[[Database, MasterKey], T]) -> Callable[[], AbstractContextManager[T]]:
    """What an action works with, while the database is open."""

    @contextmanager
    def opening() -> Iterator[T]:
        settings = Settings.load()
        database = opened(settings.postgres_dsn, PortalService.migrations)
        try:
            yield part(database, MasterKey(settings.master_key))
        finally:
            database.close()

    return opening


if __name__ == "__main__":
    main()
