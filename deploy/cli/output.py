"""What the commands share: how they ask, tell, and end."""

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
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def said(answer: Answer) -> Any:
    """The JSON of a service's command; ends the program with its complaint where there is none."""
    if answer.said is None:
        stop(answer.complaint or "the command failed", answer.code or 1)
    return answer.said


def tell(as_json: bool, told: Any, lines: Iterable[str]) -> None:
    """Print the JSON, or the lines."""
    typer.echo(json.dumps(told) if as_json else "\n".join(lines))


def stop(sentence: str, code: int = 1) -> NoReturn:
    """End the program."""
    typer.echo(sentence, err=True)
    raise typer.Exit(code)


def chosen(running: Running, services: list[str] | None) -> list[str]:
    """The services named, all where none is; raises NotRunning for one that is not on the bus."""
    for name in services or []:
        if name not in running.services:
            raise NotRunning(f"{name} is no service on the bus; they are {', '.join(running.services)}")
    return services or running.services


def each(names: list[str], what: str) -> Iterable[str]:
    """The names, with progress shown to a person."""
    console = Console(stderr=True)
    return track(names, what, console=console, disable=not console.is_terminal, transient=True)


def at_once(names: Iterable[str], what: str, work: Callable[[str], T]) -> dict[str, T]:
    """What work answers for each name, several at a time, with progress shown to a person."""
    chosen_names = list(names)
    with ThreadPoolExecutor(os.cpu_count()) as pool, progress() as bar:
        return dict(
            zip(chosen_names, bar.track(pool.map(work, chosen_names), len(chosen_names), description=what), strict=True)
        )


def progress() -> Progress:
    """A bar on the terminal, nothing elsewhere."""
    console = Console(stderr=True)
    return Progress(console=console, disable=not console.is_terminal, transient=True)
