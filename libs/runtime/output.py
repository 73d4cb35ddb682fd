"""What commands print, of services and of `tradehall`. Light to import."""

import json
from collections.abc import Iterable
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import Progress

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def progress() -> Progress:
    """A bar on the terminal, nothing elsewhere."""
    console = Console(stderr=True)
    return Progress(console=console, disable=not console.is_terminal, transient=True)


def output(as_json: bool, result: Any, lines: Iterable[str]) -> None:
    """Print the result as JSON, or the lines."""
    typer.echo(json.dumps(result) if as_json else "\n".join(lines))


def stop(sentence: str, code: int = 1) -> NoReturn:
    """End the program."""
    typer.echo(sentence, err=True)
    raise typer.Exit(code)


def warn_deprecated(old: str, new: str) -> None:
    """Say on standard error that a name is deprecated."""
    typer.echo(f"`{old}` is deprecated: use `{new}`.", err=True)
