"""`tradehall dead-letters`: messages that a service could not apply. `tradehall parked` is its deprecated alias."""

from typing import Annotated

import typer

from deploy.cli.output import Json, Services, at_once, chosen, output, result_of
from deploy.cli.running import Running

_NAME, _OLD_NAME = "dead-letters", "parked"
OfService = Annotated[str, typer.Argument(metavar="SERVICE", help="Such as identity; see `dead-letters list`.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands, and the deprecated alias, which warns on standard error."""
    app.add_typer(_commands(), name=_NAME)
    old = _commands()

    def warn() -> None:
        typer.echo(f"`tradehall {_OLD_NAME}` is deprecated: use `tradehall {_NAME}`.", err=True)

    old.callback()(warn)
    app.add_typer(old, name=_OLD_NAME, hidden=True)


def _commands() -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, help="List, replay and discard messages that could not be applied.")
    app.command("list")(list_dead_letters)
    app.command()(replay)
    app.command()(discard)
    return app


def list_dead_letters(services: Services = None, as_json: Json = False) -> None:
    """List dead letters, oldest first, without their contents."""
    running = Running.found()
    answers = at_once(chosen(running, services), "RetryingClient", lambda name: running.ask(name, _NAME, "list"))
    rows = [{"service": name, **row} for name, answer in answers.items() for row in result_of(answer)]
    output(
        as_json,
        rows,
        (f"{row['service']} {row['id']}  {row['type']} of {row['subject']}: {row['error']}" for row in rows),
    )


def replay(
    service: OfService,
    subject: Annotated[str | None, typer.Option(help="Only this aggregate's messages.")] = None,
    as_json: Json = False,
) -> None:
    """Apply a service's dead letters again, in order. Exits with 1 if one fails again."""
    answer = _running(service).ask(service, _NAME, "replay", *(["--subject", subject] if subject else []))
    result = result_of(answer)
    failed = (f"{one['subject']} failed again: {one['error']}" for one in result["failed"])
    output(as_json, result, [f"{result['replayed']} replayed", *failed])
    raise typer.Exit(answer.code)


def discard(
    service: OfService,
    dead_letter_id: Annotated[int, typer.Argument(metavar="ID")],
    reason: Annotated[str, typer.Option(help="Reason, for the operator log.")],
    as_json: Json = False,
) -> None:
    """Delete a dead letter permanently, so that those behind it can be replayed."""
    answer = _running(service).ask(service, _NAME, "discard", str(dead_letter_id), "--reason", reason)
    result = result_of(answer)
    output(as_json, result, ["discarded" if result["discarded"] else "there is no such dead letter"])
    raise typer.Exit(answer.code)


def _running(service: str) -> Running:
    """The running system, with this service on the bus. Raises NotRunning."""
    running = Running.found()
    chosen(running, [service])
    return running
