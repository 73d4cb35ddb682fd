"""Commands for dead letters: messages that could not be applied, and those behind them."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track

from kit.messaging.inbox import Inbox
from runtime.command_service import Opened
from runtime.output import Json, connected

_COLUMNS = ("id", "durable", "source", "subject", "sequence", "type", "error", "attempts", "parked_at")
Reason = Annotated[str, typer.Option(help="Why, for the record of what operators did.")]


def dead_letter_commands(opened: Opened) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, help="Messages that could not be handled, and those behind them.")

    @app.command("list")
    def _list(as_json: Json = False) -> None:
        """Those set aside, oldest first, without their contents."""
        with opened() as service:
            rows = [{name: row[name] for name in _COLUMNS} for inbox in service.inboxes() for row in inbox.parked()]
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
        with opened() as service, connected(service.bus):
            replayed, failed = _replayed(service.inboxes(), subject)
        if as_json:
            typer.echo(json.dumps({"replayed": replayed, "failed": failed}))
        else:
            typer.echo(f"{replayed} replayed")
            for one in failed:
                typer.echo(f"{one['subject']} fails again: {one['error']}")
        raise typer.Exit(1 if failed else 0)

    @app.command()
    def discard(parked_id: Annotated[int, typer.Argument(metavar="ID")], reason: Reason, as_json: Json = False) -> None:
        """Drop one for good, so that those behind it can be replayed; exits with 1 where there is none."""
        with opened() as service:
            found = any(inbox.discard(parked_id, reason) for inbox in service.inboxes())
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
