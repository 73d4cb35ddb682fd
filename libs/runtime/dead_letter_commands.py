"""Commands for dead letters: messages that could not be applied, and those behind them."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track

from kit.messaging.inbox import Inbox
from runtime.command_service import Opened
from runtime.output import Json, connected, warn_deprecated

_NAME, _OLD_NAME = "dead-letters", "parked"
_COLUMNS = ("id", "durable", "source", "subject", "sequence", "type", "error", "attempts", "parked_at")
_HELP = "List, replay and discard messages that could not be applied."
Reason = Annotated[str, typer.Option(help="Reason, for the operator log.")]


def add_dead_letter_commands(app: typer.Typer, opened: Opened) -> None:
    """Add `dead-letters` to a service's command line, and `parked`, its deprecated alias."""
    app.add_typer(_commands(opened), name=_NAME)

    def warn() -> None:
        warn_deprecated(_OLD_NAME, _NAME)

    old = _commands(opened)
    old.callback()(warn)
    app.add_typer(old, name=_OLD_NAME, hidden=True)


def _commands(opened: Opened) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, help=_HELP)

    @app.command("list")
    def list_dead_letters(as_json: Json = False) -> None:
        """List dead letters, oldest first, without their contents."""
        with opened() as service:
            found = [row for inbox in service.inboxes() for row in inbox.dead_letters()]
        rows = [{name: row[name] for name in _COLUMNS} for row in found]
        if as_json:
            typer.echo(json.dumps(rows, default=str))
        for row in [] if as_json else rows:
            typer.echo(f"{row['id']:>6}  {row['durable']}  {row['type']}  of {row['subject']}: {row['error']}")

    @app.command()
    def replay(
        subject: Annotated[str | None, typer.Option(help="Only this aggregate's messages.")] = None,
        as_json: Json = False,
    ) -> None:
        """Apply dead letters again, in order. Exits with 1 if one fails again; it and those behind it stay."""
        with opened() as service, connected(service.bus):
            replayed, failed = _replay(service.inboxes(), subject)
        if as_json:
            typer.echo(json.dumps({"replayed": replayed, "failed": failed}))
        else:
            typer.echo(f"{replayed} replayed")
            for one in failed:
                typer.echo(f"{one['subject']} failed again: {one['error']}")
        raise typer.Exit(1 if failed else 0)

    @app.command()
    def discard(
        dead_letter_id: Annotated[int, typer.Argument(metavar="ID")], reason: Reason, as_json: Json = False
    ) -> None:
        """Delete a dead letter permanently, so that those behind it can be replayed. Exits with 1 if there is none."""
        with opened() as service:
            found = any(inbox.discard(dead_letter_id, reason) for inbox in service.inboxes())
        text = "discarded" if found else "there is no such dead letter"
        typer.echo(json.dumps({"discarded": found}) if as_json else text)
        raise typer.Exit(0 if found else 1)

    return app


def _replay(inboxes: Sequence[Inbox], subject: str | None) -> tuple[int, list[dict[str, Any]]]:
    """How many were applied, and the aggregates that failed again."""
    blocked = [
        (inbox, one)
        for inbox in inboxes
        for one in inbox.blocked_subjects()
        if subject is None or one.subject == subject
    ]
    before = sum(one.messages for _, one in blocked)
    failed: list[dict[str, Any]] = []
    console = Console(stderr=True)
    for inbox, one in track(blocked, "Replaying", console=console, disable=not console.is_terminal, transient=True):
        try:
            inbox.replay(one.source, one.subject)
        except Exception as error:  # whatever it is, the other aggregates are replayed
            failed.append(
                {"durable": inbox.durable, "subject": one.subject, "error": f"{type(error).__name__}: {error}"}
            )
    # Counted again, since messages may have come behind them meanwhile.
    tried = {(id(inbox), one.source, one.subject) for inbox, one in blocked}
    after = sum(
        one.messages
        for inbox in inboxes
        for one in inbox.blocked_subjects()
        if (id(inbox), one.source, one.subject) in tried
    )
    return before - after, failed
