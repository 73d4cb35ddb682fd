"""What the commands share: choosing services, asking several at once, and printing the result."""

import json
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.progress import Progress, track

from deploy.cli.running import Answer, NotRunning, Running

T = TypeVar("T")
STANDARD_OUTPUT = "-"
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Services = Annotated[list[str] | None, typer.Argument(metavar="[SERVICE]...", help="By default all.")]


def result_of(answer: Answer) -> Any:
    """The JSON that a service's command printed; ends the program with its error message where there is none."""
    if answer.result is None:
        stop(answer.error or "the command failed", answer.code or 1)
    return answer.result


def output(as_json: bool, result: Any, lines: Iterable[str]) -> None:
    """Print the result as JSON, or the lines."""
    typer.echo(json.dumps(result) if as_json else "\n".join(lines))


def stop(sentence: str, code: int = 1) -> NoReturn:
    """End the program."""
    typer.echo(sentence, err=True)
    raise typer.Exit(code)


def chosen(running: Running, services: list[str] | None) -> list[str]:
    """The services named, all where none is; raises NotRunning for one that is not on the bus."""
    for name in services or []:
        if name not in running.services:
            raise NotRunning(f"{name} is no service on the bus; choose from {', '.join(running.services)}")
    return services or running.services


def each(names: list[str], what: str) -> Iterable[str]:
    """The names, with progress shown on a terminal."""
    console = Console(stderr=True)
    return track(names, what, console=console, disable=not console.is_terminal, transient=True)


def at_once(names: Iterable[str], what: str, work: Callable[[str], T]) -> dict[str, T]:
    """The result of `work` for each name, several at a time, with progress shown on a terminal."""
    chosen_names = list(names)
    with ThreadPoolExecutor(os.cpu_count()) as pool, progress() as bar:
        return dict(
            zip(chosen_names, bar.track(pool.map(work, chosen_names), len(chosen_names), description=what), strict=True)
        )


def progress() -> Progress:
    """A bar on the terminal, nothing elsewhere."""
    console = Console(stderr=True)
    return Progress(console=console, disable=not console.is_terminal, transient=True)
