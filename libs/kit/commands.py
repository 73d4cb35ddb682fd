"""What an operator types: `python -m SERVICE` serves, `python -m SERVICE parked ...` mends what was set aside."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Annotated, Any

import typer
from anyio.from_thread import start_blocking_portal
from rich.console import Console
from rich.progress import track

from kit.bus import Bus
from kit.inbox import Inbox

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Opened = Callable[[], AbstractContextManager[Sequence[Inbox]]]
"""The service's inboxes with their handlers, while its database is open."""

_CONNECT_SECONDS = 3.0
_COLUMNS = ("id", "durable", "source", "subject", "sequence", "type", "error", "attempts", "parked_at")


def commands(name: str, serve: Callable[[], None], inboxes: Opened) -> typer.Typer:
    """The command line of a service on the bus; needs the service's settings, whether it runs or not."""
    app = typer.Typer(add_completion=False, help=f"Tradehall's {name} service.")

    @app.callback(invoke_without_command=True)
    def _serve(context: typer.Context) -> None:
        """Serve until SIGTERM, where no command is given."""
        if context.invoked_subcommand is None:
            serve()

    app.add_typer(_parked(inboxes), name="parked")
    return app


@contextmanager
def connected(bus: Bus) -> Iterator[None]:
    """The bus running beside a command whose handlers may ask others; one that is away is not waited for long."""
    with start_blocking_portal() as portal:
        running = portal.start_task_soon(bus.run)
        try:
            _wait_for(bus)
            yield
        finally:
            running.cancel()


def _wait_for(bus: Bus) -> None:
    until = time.monotonic() + _CONNECT_SECONDS
    while not bus.connected and time.monotonic() < until:
        time.sleep(0.02)


def _parked(inboxes: Opened) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, help="Messages that could not be handled, and those behind them.")

    @app.command("list")
    def _list(as_json: Json = False) -> None:
        """Those set aside, oldest first, without their contents."""
        with inboxes() as opened:
            rows = [{name: row[name] for name in _COLUMNS} for inbox in opened for row in inbox.parked()]
        if as_json:
            typer.echo(json.dumps(rows, default=str))
        for row in [] if as_json else rows:
            typer.echo(f"{row['id']:>6}  {row['durable']}  {row['type']}  of {row['subject']}: {row['error']}")

    @app.command()
    def replay(
        subject: Annotated[str | None, typer.Option(help="Only this aggregate's messages.")] = None,
        as_json: Json = False,
    ) -> None:
        """Apply them again in order; exits with 1 where one fails again, which then stays with those behind it."""
        with inboxes() as opened:
            replayed, failed = _replayed(opened, subject)
        if as_json:
            typer.echo(json.dumps({"replayed": replayed, "failed": failed}))
        else:
            typer.echo(f"{replayed} replayed")
            for one in failed:
                typer.echo(f"{one['subject']} fails again: {one['error']}")
        raise typer.Exit(1 if failed else 0)

    @app.command()
    def discard(parked_id: Annotated[int, typer.Argument(metavar="ID")], as_json: Json = False) -> None:
        """Drop one for good, so that those behind it can be replayed; exits with 1 where there is none."""
        with inboxes() as opened:
            found = any(inbox.discard(parked_id) for inbox in opened)
        said = "discarded" if found else "no such message is parked"
        typer.echo(json.dumps({"discarded": found}) if as_json else said)
        raise typer.Exit(0 if found else 1)

    return app


def _replayed(inboxes: Sequence[Inbox], subject: str | None) -> tuple[int, list[dict[str, Any]]]:
    """How many were applied, and the aggregates that fail again."""
    waiting = [
        (inbox, place)
        for inbox in inboxes
        for place in inbox.parked_subjects()
        if subject is None or place.subject == subject
    ]
    before = sum(place.messages for _, place in waiting)
    failed: list[dict[str, Any]] = []
    console = Console(stderr=True)
    for inbox, place in track(waiting, "Replaying", console=console, disable=not console.is_terminal, transient=True):
        try:
            inbox.replay(place.source, place.subject)
        except Exception as error:  # whatever it is, the other aggregates are replayed
            failed.append(
                {"durable": inbox.durable, "subject": place.subject, "error": f"{type(error).__name__}: {error}"}
            )
    seen = {(id(inbox), place.source, place.subject) for inbox, place in waiting}
    after = sum(
        place.messages
        for inbox in inboxes
        for place in inbox.parked_subjects()
        if (id(inbox), place.source, place.subject) in seen
    )
    return before - after, failed
