"""The command line of a service: `python -m SERVICE` serves; commands repair dead letters, views, stream and keys."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import typer

from kit.db.database import Database
from kit.security.keys import MasterKey
from kit.security.service_keys import rewrapped
from kit.service import serve
from privacy.export import Holder
from privacy.post_restore import PostRestore
from runtime.application import S, build, constructed
from runtime.command_service import AnyService
from runtime.copy_commands import add_copy_commands
from runtime.dead_letter_commands import add_dead_letter_commands
from runtime.definition import Service
from runtime.output import Json, say
from runtime.privacy_commands import add_export_command, add_post_restore_command

Keys = tuple[Database, MasterKey]


def main(service: type[Service[S]]) -> None:
    """Serve until SIGTERM, or run the command named on the command line."""
    command_line(service)(prog_name=service.name)


def command_line(service: type[Service[S]]) -> typer.Typer:
    """The commands of a service on the bus. They use the service's settings, whether it runs or not."""

    def serve_it() -> None:
        settings = service.load_settings()
        serve(build(service, settings), service.name, settings)

    def opened() -> AbstractContextManager[AnyService]:
        return constructed(service, service.load_settings())

    @contextmanager
    def keys() -> Iterator[Keys]:
        with opened() as made:
            yield made.database, made.environment.master_key

    @contextmanager
    def restoring() -> Iterator[PostRestore]:
        with opened() as made:
            yield PostRestore(made.database, made.removed_by_restore, made.erase, made.store)

    app = shell(service.name, serve_it, keys, restoring)
    add_dead_letter_commands(app, opened)
    add_copy_commands(app, opened)
    service.add_commands(app)
    return app


def shell(
    name: str,
    serve: Callable[[], None],
    keys: Callable[[], AbstractContextManager[Keys]],
    restoring: Callable[[], AbstractContextManager[PostRestore]],
) -> typer.Typer:
    """The command line of any service."""
    app = typer.Typer(add_completion=False, help=f"Tradehall's {name} service.")

    @app.callback(invoke_without_command=True)
    def _serve(context: typer.Context) -> None:
        """Run the service, or one of its commands."""
        if context.invoked_subcommand is None:
            serve()

    @app.command("rewrap-keys")
    def rewrap_keys(as_json: Json = False) -> None:
        """Re-encrypt all data keys under the first master key of the file. It is safe to interrupt and repeat.

        Put the new master key first in the file, restart the service, run this command, then remove the old key.
        """
        with keys() as (database, master):
            done = rewrapped(database, master)
        answer = {"rewrapped": done, "master_key": master.current_id}
        say(as_json, answer, f"{done} keys re-encrypted under master key {master.current_id}")

    @contextmanager
    def holding() -> Iterator[Holder]:
        with restoring() as opened:
            yield Holder(opened.database, opened.store)

    add_post_restore_command(app, restoring)
    add_export_command(app, holding)
    return app
