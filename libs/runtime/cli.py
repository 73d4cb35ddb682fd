"""The command line of a service: `python -m SERVICE` serves; each operator action is a command."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import groupby
from typing import Any, TypeVar

import typer

from kit.errors import Refusal
from kit.operations.answers import Answer
from kit.operations.dead_letters import DeadLetters
from kit.service import serve
from privacy.export import Holder
from privacy.post_restore import PostRestore
from runtime.actions import copies, dead_letters
from runtime.actions.commands import Command, add_command, add_group, command
from runtime.actions.definition import Action
from runtime.actions.master_keys import REWRAP_KEYS
from runtime.actions.personal_data import EXPORT, POST_RESTORE
from runtime.application import S, build, connected, constructed
from runtime.definition import ActionOn, Service, on
from runtime.output import stop
from runtime.stream_comparison import StreamComparison

T = TypeVar("T")
Opened = tuple[Action[Any, ..., Any], Callable[[], AbstractContextManager[Any]]]
"""An action, and what it works with while its database is open."""


def _letters(service: Service[Any]) -> DeadLetters:
    return DeadLetters(service.database, service.inboxes())


OF_EVERY_SERVICE: Sequence[ActionOn] = (
    on(REWRAP_KEYS, lambda it: (it.database, it.environment.master_key)),
    on(POST_RESTORE, lambda it: PostRestore(it.database, it.removed_by_restore, it.erase, it.store)),
    on(EXPORT, lambda it: Holder(it.database, it.store)),
    on(dead_letters.LIST, _letters),
    on(dead_letters.REPLAY, _letters),
    on(dead_letters.DISCARD, _letters),
    on(copies.REBUILD_VIEWS, lambda it: it.store),
    on(copies.VERIFY_STREAM, StreamComparison),
)


def main(service: type[Service[S]]) -> None:
    """Serve until SIGTERM, or run the command named on the command line."""
    command_line(service)(prog_name=service.name)


def command_line(service: type[Service[S]]) -> typer.Typer:
    """The commands of a service on the bus. They use the service's settings, whether it runs or not."""

    def serve_it() -> None:
        settings = service.load_settings()
        serve(build(service, settings), service.name, settings)

    def opened(action: Action[T, ..., Any], part: Callable[[Any], T]) -> Opened:
        @contextmanager
        def working() -> Iterator[T]:
            with (
                constructed(service, service.load_settings()) as made,
                connected(made.bus) if action.bus else nullcontext(),
            ):
                yield part(made)

        return action, working

    return shell(service.name, serve_it, [opened(*one) for one in (*OF_EVERY_SERVICE, *service.actions)])


def shell(name: str, serve: Callable[[], None], actions: Sequence[Opened]) -> typer.Typer:
    """The command line of any service."""
    app = typer.Typer(add_completion=False, help=f"Tradehall's {name} service.")

    @app.callback(invoke_without_command=True)
    def _serve(context: typer.Context) -> None:
        """Run the service, or one of its commands."""
        if context.invoked_subcommand is None:
            serve()

    for group, of_group in groupby(actions, lambda one: one[0].group):
        commands = {action: _command(action, opened) for action, opened in of_group}
        if group is not None:
            add_group(app, group, {action.name: run for action, run in commands.items()})
        else:
            for action, run in commands.items():
                add_command(app, action, run)
    return app


def _command(action: Action[Any, ..., Any], opened: Callable[[], AbstractContextManager[Any]]) -> Command:
    def answer(**given: Any) -> Answer:
        try:
            with opened() as part:
                done: Answer = action.run(part, **given)
        except (Refusal, OSError) as error:
            stop(str(error))
        return done

    return command(action, answer)
