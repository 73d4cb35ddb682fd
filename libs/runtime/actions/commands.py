"""Commands of operator actions, for a service's command line and for `tradehall`."""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import typer

from kit.operations.answers import Answer
from runtime.actions.definition import Action, Group
from runtime.output import Json, output, warn_deprecated

Command = Callable[..., None]
_JSON = inspect.Parameter("as_json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Json)


def command(action: Action[Any, ..., Any], answer: Callable[..., Answer], *leading: inspect.Parameter) -> Command:
    """The command of an action. `answer` is called with its parameters, and with those that lead."""

    def run(*, as_json: bool, **given: Any) -> None:
        printed = answer(**given)
        output(as_json, printed.as_json(), printed.lines())
        raise typer.Exit(1 if printed.failed else 0)

    parameters = [*leading, *action.parameters, _JSON]
    run.__doc__ = action.run.__doc__
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    return run


def add_command(app: typer.Typer, action: Action[Any, ..., Any], run: Command) -> None:
    """Add a command under the action's name, and under its old name, which warns on standard error."""
    app.command(action.name)(run)
    if action.old_name:

        @functools.wraps(run)
        def alias(**given: Any) -> None:
            warn_deprecated(action.old_name, action.name)
            run(**given)

        app.command(action.old_name, hidden=True)(alias)


def add_group(app: typer.Typer, group: Group, commands: Mapping[str, Command], program: str = "") -> None:
    """Add commands under a group's name, and under its old name, which warns on standard error."""
    names = [group.name, *([group.old_name] if group.old_name else [])]
    for name in names:
        part = typer.Typer(no_args_is_help=True, help=group.help)
        for word, run in commands.items():
            part.command(word)(run)
        if name != group.name:
            part.callback()(lambda: warn_deprecated(f"{program}{group.old_name}", f"{program}{group.name}"))
        app.add_typer(part, name=name, hidden=name != group.name)
