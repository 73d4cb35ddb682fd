"""What commands print, and the bus that runs beside them."""

import functools
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, NoReturn

import typer
from anyio.from_thread import BlockingPortal, start_blocking_portal
from rich.console import Console
from rich.progress import Progress

from kit.messaging.bus import Bus

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_CONNECT_SECONDS = 3.0


def progress() -> Progress:
    """A bar on the terminal, nothing elsewhere."""
    console = Console(stderr=True)
    return Progress(console=console, disable=not console.is_terminal, transient=True)


def say(as_json: bool, result: Any, text: str) -> None:
    """Print the result as JSON, or the text."""
    typer.echo(json.dumps(result) if as_json else text)


def stop(sentence: str) -> NoReturn:
    """End the program with exit code 1."""
    typer.echo(sentence, err=True)
    raise typer.Exit(1)


def warn_deprecated(old: str, new: str) -> None:
    """Say on standard error that a name is deprecated."""
    typer.echo(f"`{old}` is deprecated: use `{new}`.", err=True)


def add_command(app: typer.Typer, name: str, command: Callable[..., Any], *, old_name: str) -> None:
    """Add a command, and a deprecated alias under its old name that warns on standard error."""

    @functools.wraps(command)
    def alias(*args: Any, **options: Any) -> Any:
        warn_deprecated(old_name, name)
        return command(*args, **options)

    app.command(name)(command)
    app.command(old_name, hidden=True)(alias)


@contextmanager
def connected(bus: Bus) -> Iterator[BlockingPortal]:
    """The bus, connected for a command whose handlers may ask other services; waits up to three seconds for it."""
    with start_blocking_portal() as portal:
        running = portal.start_task_soon(bus.run)
        try:
            _wait_for(bus)
            yield portal
        finally:
            running.cancel()


def _wait_for(bus: Bus) -> None:
    until = time.monotonic() + _CONNECT_SECONDS
    while not bus.connected and time.monotonic() < until:
        time.sleep(0.02)
