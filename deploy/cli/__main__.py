"""`tradehall`, or `python -m deploy.cli`: status, operators, parked messages, keys, and a file for bug reports."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track

from deploy.cli.diagnosis import diagnosis
from deploy.cli.running import Answer, NotRunning, Running
from deploy.local.folder import write_private

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Operate the Tradehall that runs on this machine.")
operator = typer.Typer(no_args_is_help=True, help="Who operates this installation.")
parked = typer.Typer(no_args_is_help=True, help="Messages that a service could not handle.")
keys = typer.Typer(no_args_is_help=True, help="Keys of the installation.")
for each, name in ((operator, "operator"), (parked, "parked"), (keys, "keys")):
    app.add_typer(each, name=name)

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
OfService = Annotated[str, typer.Argument(metavar="SERVICE", help="Such as identity; `parked list` names it.")]


@app.command()
def status(as_json: Json = False) -> None:
    """Which services are ready; exits with 1 where one is not."""
    running = Running.found()
    states = {name: running.ready(name) for name in running.facts["postgres_dsn"]}
    if as_json:
        typer.echo(json.dumps({name: {"ready": ready, **said} for name, (ready, said) in states.items()}))
    for name, (ready, said) in {} if as_json else states.items():
        details = ", ".join(f"{part} {state}" for part, state in said.items())
        typer.echo(f"{name:<14} {'ready' if ready else 'NOT READY':<10} {details}")
    raise typer.Exit(0 if all(ready for ready, _ in states.values()) else 1)


@operator.command("add")
def operator_add(email: str, as_json: Json = False) -> None:
    """Make a registered person an operator."""
    said = _said(Running.found().ask("identity", "operator-add", email))
    typer.echo(json.dumps(said) if as_json else f"{said['user_id']} is an operator")


@parked.command("list")
def parked_list(as_json: Json = False) -> None:
    """All that is parked, in every service."""
    running = Running.found()
    rows = [
        {"service": name, **row}
        for name in _each(running.services)
        for row in _said(running.ask(name, "parked", "list"))
    ]
    if as_json:
        typer.echo(json.dumps(rows))
    for row in [] if as_json else rows:
        typer.echo(f"{row['service']} {row['id']}  {row['type']} of {row['subject']}: {row['error']}")


@parked.command()
def replay(service: OfService, subject: str | None = None, as_json: Json = False) -> None:
    """Have a service apply its parked messages again, in order; exits with 1 where one fails again."""
    answer = _of(service).ask(service, "parked", "replay", *(["--subject", subject] if subject else []))
    said = answer.said if answer.said is not None else _said(answer)
    typer.echo(json.dumps(said) if as_json else f"{said['replayed']} replayed")
    for one in [] if as_json else said["failed"]:
        typer.echo(f"{one['subject']} fails again: {one['error']}")
    raise typer.Exit(answer.code)


@parked.command()
def discard(service: OfService, parked_id: Annotated[int, typer.Argument(metavar="ID")], as_json: Json = False) -> None:
    """Drop one parked message for good."""
    answer = _of(service).ask(service, "parked", "discard", str(parked_id))
    said = answer.said if answer.said is not None else _said(answer)
    typer.echo(json.dumps(said) if as_json else "discarded" if said["discarded"] else "no such message is parked")
    raise typer.Exit(answer.code)


@keys.command()
def rotate(as_json: Json = False) -> None:
    """Publish new signing keys; they begin to sign in two minutes."""
    said = _said(Running.found().ask("identity", "rotate-keys"))
    if as_json:
        typer.echo(json.dumps(said))
    for key in [] if as_json else said:
        typer.echo(f"{key['algorithm']} {key['kid']} signs from {key['from']}")


@app.command()
def diagnose(file: Path = Path("tradehall-diagnosis.json"), as_json: Json = False) -> None:
    """Write one file to attach to a bug report: versions, states, the ends of the logs; no secrets."""
    write_private(file.absolute(), diagnosis(Running.found()))
    typer.echo(json.dumps({"file": str(file)}) if as_json else f"Written: {file}. Look through it before you send it.")


def _of(service: str) -> Running:
    running = Running.found()
    if service not in running.services:
        raise NotRunning(f"{service} is no service with parked messages; they are {', '.join(running.services)}")
    return running


def _each(names: list[str]) -> Any:
    console = Console(stderr=True)
    return track(names, "Asking", console=console, disable=not console.is_terminal, transient=True)


def _said(answer: Answer) -> Any:
    if answer.code != 0 or answer.said is None:
        typer.echo(answer.complaint or "the command failed", err=True)
        raise typer.Exit(answer.code or 1)
    return answer.said


def main() -> None:
    """Do what the command line says; a sentence and exit code 1 where nothing runs."""
    try:
        app(prog_name="tradehall")
    except NotRunning as error:
        print(error, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
