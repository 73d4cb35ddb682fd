"""What commands print, and the bus that runs beside them."""

import json
import time
from collections.abc import Iterator
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
    console = Console(stderr=True)
    return Progress(console=console, disable=not console.is_terminal, transient=True)


def say(as_json: bool, answer: Any, text: str) -> None:
    typer.echo(json.dumps(answer) if as_json else text)


def stop(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(1)


@contextmanager
def connected(bus: Bus) -> Iterator[BlockingPortal]:
    """The bus running beside a command whose handlers may ask others; one that is away is not waited for long."""
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
