"""`tradehall`, or `python -m deploy.cli`: watch and repair a running system."""

import json
import sys
from pathlib import Path
from typing import Annotated

import nats.errors
import typer

from deploy.cli import dead_letters
from deploy.cli.backups import backup
from deploy.cli.bus_users import bus_users
from deploy.cli.diagnosis import diagnosis
from deploy.cli.master_keys import renewed
from deploy.cli.output import STANDARD_OUTPUT, Json, Services, each, output, result_of
from deploy.cli.people import people
from deploy.cli.rebuilding import streams, views
from deploy.cli.restoring import restore
from deploy.cli.running import NotRunning, Running
from deploy.secret_files import write_private

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
dead_letters.add_to(app)
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


@operator.command("add")
def operator_add(email: str, as_json: Json = False) -> None:
    """Make a registered user an operator."""
    added = result_of(Running.found().ask("identity", "operator-add", email))
    output(as_json, added, [f"{added['user_id']} is an operator"])


@keys.command()
def rotate(as_json: Json = False) -> None:
    """Publish new signing keys. They sign from two minutes later."""
    published = result_of(Running.found().ask("identity", "rotate-keys"))
    output(as_json, published, (f"{key['algorithm']} {key['kid']} signs from {key['from']}" for key in published))


@keys.command("rotate-master")
def rotate_master(services: Services = None, as_json: Json = False) -> None:
    """Re-encrypt all data keys under new master keys. Restarts each service once."""
    running = Running.found()
    if running.contained:
        raise NotRunning("In containers, run `make master-key SERVICE=NAME` instead.")
    everyone = list(running.facts["postgres_dsn"])
    if unknown := set(services or []) - set(everyone):
        raise NotRunning(f"{', '.join(unknown)} is no service; choose from {', '.join(everyone)}")
    done = {name: renewed(running, name) for name in each(services or everyone, "Re-encrypting")}
    output(
        as_json,
        done,
        (f"{name}: {one['rewrapped']} keys re-encrypted under {one['master_key']}" for name, one in done.items()),
    )


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
