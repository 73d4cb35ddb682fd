"""`tradehall`, or `python -m deploy.cli`: watch and repair a running system."""

import json
import sys
from pathlib import Path
from typing import Annotated

import nats.errors
import typer

from deploy.cli.actions import ByService, Rows, of_chosen, of_identity, of_one
from deploy.cli.backups import backup
from deploy.cli.bus_users import bus_users
from deploy.cli.diagnosis import diagnosis
from deploy.cli.master_keys import renewed
from deploy.cli.output import STANDARD_OUTPUT, Services, in_turn
from deploy.cli.people import people
from deploy.cli.rebuilding import streams, views
from deploy.cli.restoring import restore
from deploy.cli.running import NotRunning, Running
from deploy.secret_files import write_private
from identity.operators.actions import ADD
from identity.signing_keys.actions import ROTATE
from runtime.actions import dead_letters
from runtime.actions.commands import add_group
from runtime.output import Json, output

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Operate the Tradehall installation on this machine."
)
operator = typer.Typer(no_args_is_help=True, help="Manage the operators of this installation.")
keys = typer.Typer(no_args_is_help=True, help="Rotate signing keys and master keys.")
for part, name in (
    (operator, "operator"),
    (keys, "keys"),
    (people, "person"),
    (streams, "streams"),
    (views, "views"),
):
    app.add_typer(part, name=name)

_DIAGNOSIS = Path("tradehall-diagnosis.json")
operator.command("add")(of_identity(ADD))
keys.command("rotate")(of_identity(ROTATE))
add_group(
    app,
    dead_letters.GROUP,
    {
        "list": of_chosen(dead_letters.LIST, Rows),
        "replay": of_one(dead_letters.REPLAY),
        "discard": of_one(dead_letters.DISCARD),
    },
    "tradehall ",
)
app.add_typer(bus_users, name="bus-user")
app.command()(backup)
app.command()(restore)


@app.command()
def status(as_json: Json = False) -> None:
    """Show which services are ready. Exits with 1 if one is not."""
    running = Running.found()
    states = {name: running.ready(name) for name in running.facts["postgres_dsn"]}
    result = {name: {"ready": ready, **parts} for name, (ready, parts) in states.items()}
    output(as_json, result, map(_line, states.items()))
    raise typer.Exit(0 if all(ready for ready, _ in states.values()) else 1)


def _line(state: tuple[str, tuple[bool, dict[str, str]]]) -> str:
    name, (ready, parts) = state
    details = ", ".join(f"{part} {how}" for part, how in parts.items())
    return f"{name:<14} {'ready' if ready else 'NOT READY':<10} {details}"


@keys.command("rotate-master")
def rotate_master(services: Services = None, as_json: Json = False) -> None:
    """Re-encrypt all data keys under new master keys. Restarts each service once."""
    running = Running.found()
    if running.contained:
        raise NotRunning("In containers, run `make master-key SERVICE=NAME` instead.")
    everyone = list(running.facts["postgres_dsn"])
    if unknown := set(services or []) - set(everyone):
        raise NotRunning(f"{', '.join(unknown)} is no service; choose from {', '.join(everyone)}")
    done = ByService(in_turn(services or everyone, "Re-encrypting", lambda name: renewed(running, name)))
    output(as_json, done.as_json(), done.lines())


@app.command("scrape-targets")
def scrape_targets(_: Json = False) -> None:
    """Print Prometheus file_sd targets (JSON)."""
    running = Running.found()
    typer.echo(
        json.dumps(
            [
                {"targets": [running.address(name)], "labels": {"service": name}}
                for name in running.facts["postgres_dsn"]
            ],
            indent=2,
        )
    )


@app.command()
def diagnose(
    file: Annotated[Path, typer.Option(help="Output file; - is standard output.")] = _DIAGNOSIS,
    logs: Annotated[bool, typer.Option("--logs", help="Read log lines from standard input.")] = False,
    as_json: Json = False,
) -> None:
    """Write a file for a bug report: versions, states, the ends of the logs. It holds no secrets."""
    text = diagnosis(Running.found(), sys.stdin.readlines() if logs else None)
    if str(file) == STANDARD_OUTPUT:
        typer.echo(text, nl=False)
        return
    write_private(file.absolute(), text)
    output(as_json, {"file": str(file)}, [f"Written: {file}. Review it before you send it."])


def main() -> None:
    """Run the command; one sentence and exit code 1 where nothing runs."""
    try:
        app(prog_name="tradehall")
    except NotRunning as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    except nats.errors.Error as error:
        print(f"The bus refused: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
