"""What the commands share: choosing services, and asking one or several."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, ParamSpec, TypeVar

import typer

from deploy.cli.running import NotRunning, Running
from kit.operations.answers import Answer
from runtime.actions.definition import Action
from runtime.output import progress, stop

T = TypeVar("T")
P = ParamSpec("P")
A = TypeVar("A", bound=Answer)
STANDARD_OUTPUT = "-"
Services = Annotated[list[str] | None, typer.Argument(metavar="[SERVICE]...", help="By default all.")]


def ask(running: Running, service: str, action: Action[Any, P, A], *args: P.args, **given: P.kwargs) -> A:
    """A service's answer; ends the program with the error message of its command where there is none."""
    words, variables = action.command_line(*args, **given)
    done = running.run(service, *words, **variables)
    if done.result is None:
        stop(done.error or "the command failed", done.code or 1)
    return action.read(done.result)


def chosen(running: Running, services: list[str] | None) -> list[str]:
    """The services named, all where none is; raises NotRunning for one that is not on the bus."""
    for name in services or []:
        if name not in running.services:
            raise NotRunning(f"{name} is no service on the bus; choose from {', '.join(running.services)}")
    return services or running.services


def in_turn(names: Iterable[str], what: str, work: Callable[[str], T]) -> dict[str, T]:
    """The result of `work` for each name, with progress shown on a terminal."""
    with progress() as bar:
        return {name: work(name) for name in bar.track(list(names), description=what)}


def at_once(names: Iterable[str], what: str, work: Callable[[str], T]) -> dict[str, T]:
    """The result of `work` for each name, several at a time, with progress shown on a terminal."""
    chosen_names = list(names)
    with ThreadPoolExecutor(os.cpu_count()) as pool, progress() as bar:
        return dict(
            zip(chosen_names, bar.track(pool.map(work, chosen_names), len(chosen_names), description=what), strict=True)
        )
