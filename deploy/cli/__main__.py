"""`tradehall`, or `python -m deploy.cli`: to watch and to mend the system."""

import json
import sys
from pathlib import Path
from typing import Annotated

import nats.errors
import typer

from deploy.cli.asking import STANDARD_OUTPUT, Json, at_once, chosen, each, said, tell
from deploy.cli.backups import backup
from deploy.cli.bus_users import bus_users
from deploy.cli.copies import Services, streams, views
from deploy.cli.diagnosis import diagnosis
from deploy.cli.master_keys import renewed
from deploy.cli.people import people
from deploy.cli.restoring import restore
from deploy.cli.running import NotRunning, Running
from deploy.secret_files import write_private

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Operate the Tradehall that runs on this machine.")
operator = typer.Typer(no_args_is_help=True, help="Who operates this installation.")
parked = typer.Typer(no_args_is_help=True, help="Messages that a service could not handle.")
keys = typer.Typer(no_args_is_help=True, help="Keys of the installation.")
for part, name in (
    (operator, "operator"),
    (parked, "parked"),
    (keys, "keys"),
    (people, "person"),
    (streams, "streams"),
    (views, "views"),
):
    app.add_typer(part, name=name)

_DIAGNOSIS = Path("tradehall-diagnosis.json")
OfService = Annotated[str, typer.Argument(metavar="SERVICE", help="Such as identity; `parked list` names it.")]


app.add_typer(bus_users, name="bus-user")
app.command()(backup)
app.command()(restore)


@app.command()
def status(as_json: Json = False) -> None:
    """Which services are ready; exits with 1 where one is not."""
    running = Running.found()
    states = {name: running.ready(name) for name in running.facts["postgres_dsn"]}
    tell(
        as_json, {name: {"ready": ready, **told} for name, (ready, told) in states.items()}, map(_line, states.items())
    )
    raise typer.Exit(0 if all(ready for ready, _ in states.values()) else 1)


def _line(state: tuple[str, tuple[bool, dict[str, str]]]) -> str:
    name, (ready, told) = state
    details = ", ".join(f"{part} {how}" for part, how in told.items())
    return f"{name:<14} {'ready' if ready else 'NOT READY':<10} {details}"


@operator.command("add")
def operator_add(email: str, as_json: Json = False) -> None:
    """Make a registered person an operator."""
    told = said(Running.found().ask("identity", "operator-add", email))
    tell(as_json, told, [f"{told['user_id']} is an operator"])


@parked.command("list")
def parked_list(services: Services = None, as_json: Json = False) -> None:
    """What is parked."""
    running = Running.found()
    answers = at_once(chosen(running, services), "Asking", lambda name: running.ask(name, "parked", "list"))
    rows = [{"service": name, **row} for name, answer in answers.items() for row in said(answer)]
    tell(
        as_json,
        rows,
        (f"{row['service']} {row['id']}  {row['type']} of {row['subject']}: {row['error']}" for row in rows),
    )


@parked.command()
def replay(service: OfService, subject: str | None = None, as_json: Json = False) -> None:
    """Have a service apply its parked messages again, in order; exits with 1 where one fails again."""
    answer = _of(service).ask(service, "parked", "replay", *(["--subject", subject] if subject else []))
    told = said(answer)
    failed = (f"{one['subject']} fails again: {one['error']}" for one in told["failed"])
    tell(as_json, told, [f"{told['replayed']} replayed", *failed])
    raise typer.Exit(answer.code)


@parked.command()
def discard(
    service: OfService,
    parked_id: Annotated[int, typer.Argument(metavar="ID")],
    reason: Annotated[str, typer.Option(help="Why, for the record of what operators did.")],
    as_json: Json = False,
) -> None:
    """Drop one parked message for good."""
    answer = _of(service).ask(service, "parked", "discard", str(parked_id), "--reason", reason)
    told = said(answer)
    tell(as_json, told, ["discarded" if told["discarded"] else "no such message is parked"])
    raise typer.Exit(answer.code)


@keys.command()
def rotate(as_json: Json = False) -> None:
    """Publish new signing keys; they begin to sign in two minutes."""
    told = said(Running.found().ask("identity", "rotate-keys"))
    tell(as_json, told, (f"{key['algorithm']} {key['kid']} signs from {key['from']}" for key in told))


@keys.command("rotate-master")
def rotate_master(services: Services = None, as_json: Json = False) -> None:
    """Wrap all keys of services, the portal among them, under new master keys; each is restarted once."""
    running = Running.found()
    if running.contained:
        raise NotRunning("In containers, `make master-key SERVICE=NAME` does this, where the secrets are.")
    everyone = list(running.facts["postgres_dsn"])
    if unknown := set(services or []) - set(everyone):
        raise NotRunning(f"{', '.join(unknown)} is no service; they are {', '.join(everyone)}")
    told = {name: renewed(running, name) for name in each(services or everyone, "Wrapping")}
    tell(
        as_json,
        told,
        (f"{name}: {one['rewrapped']} keys are wrapped under {one['master_key']}" for name, one in told.items()),
    )


@app.command("scrape-targets")
def scrape_targets(_: Json = False) -> None:
    """Print where the services tell their metrics, as Prometheus' file_sd_configs want it, which is JSON anyway."""
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
    file: Annotated[Path, typer.Option(help="Where to; - is the standard output.")] = _DIAGNOSIS,
    logs: Annotated[bool, typer.Option("--logs", help="Take the lines of logs from the standard input.")] = False,
    as_json: Json = False,
) -> None:
    """Write one file to attach to a bug report: versions, states, the ends of the logs; no secrets."""
    text = diagnosis(Running.found(), sys.stdin.readlines() if logs else None)
    if str(file) == STANDARD_OUTPUT:
        typer.echo(text, nl=False)
        return
    write_private(file.absolute(), text)
    tell(as_json, {"file": str(file)}, [f"Written: {file}. Look through it before you send it."])


def _of(service: str) -> Running:
    running = Running.found()
    chosen(running, [service])
    return running


def main() -> None:
    """Do what the command line says; a sentence and exit code 1 where nothing runs."""
    try:
        app(prog_name="tradehall")
    except NotRunning as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    except nats.errors.Error as error:
        print(f"The bus does not do that: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
