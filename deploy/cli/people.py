"""`tradehall person`: export or erase a user's personal data, in all services."""

import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from contracts.email import spellings
from deploy.cli.output import STANDARD_OUTPUT, ask, at_once
from deploy.cli.running import Running
from deploy.secret_files import write_private
from identity.erasure.actions import ERASE, FIND, FoundUser
from privacy.export import names
from runtime.actions.personal_data import EXPORT, ExportedData
from runtime.output import Json, output, stop

people = typer.Typer(no_args_is_help=True, help="Export and erase personal data (GDPR).")
_WHO = "A user id, or an e-mail address (visible to all users of this machine while the command runs)."
User = Annotated[str, typer.Argument(metavar="USER", help=_WHO)]
_ERASED_WITHIN = 30.0  # seconds, by services that learn of it by an event


@people.command()
def export(
    user: User,
    file: Annotated[
        Path | None,
        typer.Option(help="Output file, which must not exist. By default person-<id>.json; - is standard output."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Export the personal data of a user from all services to one file, without secrets."""
    running = Running.found()
    person = ask(running, "identity", FIND, user)
    path = file or Path(f"person-{person.user_id}.json")
    shown = str(path) == STANDARD_OUTPUT
    if path.exists() and not shown:
        stop(f"{path} exists: choose another file.")
    found = _found_in(running, person, running.facts["postgres_dsn"], "Searching")
    exported = {
        "person": person.as_json(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "services": {name: one.as_json() for name, one in found.items()},
    }
    text = json.dumps(exported, indent=2) + "\n"
    if shown:
        typer.echo(text, nl=False)
        return
    write_private(path.absolute(), text)
    counts = {name: _counts(one) for name, one in found.items()}
    output(as_json, {"file": str(path), "found": counts}, [f"Written: {path}.", *_counted(counts)])


@people.command()
def erase(
    user: User,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    as_json: Json = False,
) -> None:
    """Erase personal data (GDPR) in all services, and report what was erased. Exits with 1 if some is left."""
    running = Running.found()
    person = ask(running, "identity", FIND, user, to_erase=True)
    if not yes:
        typer.confirm(f"Erase the personal data of {person.user_id}? This cannot be undone.", abort=True, err=True)
    before = _found_in(running, person, running.facts["postgres_dsn"], "Searching")
    erased = ask(running, "identity", ERASE, str(person.user_id))
    after = _when_erased(running, person)
    keys = {name: len(set(one.keys) - set(after[name].keys)) for name, one in before.items()}
    destroyed = {name: _destroyed(person.email, before[name], after[name]) for name in before}
    report = {
        **erased.as_json(),
        "keys": {name: count for name, count in keys.items() if count},
        "services": destroyed,
    }
    output(as_json, report, [*erased.lines(), *_report(report)])
    raise typer.Exit(1 if erased.waiting or any(one["left"] for one in destroyed.values()) else 0)


def _found_in(running: Running, person: FoundUser, services: Iterable[str], what: str) -> dict[str, ExportedData]:
    addresses = list(spellings(person.email))
    return at_once(services, what, lambda name: ask(running, name, EXPORT, person.user_id, addresses))


def _when_erased(running: Running, person: FoundUser) -> dict[str, ExportedData]:
    """What is found once no service names the address any more, at the latest after half a minute."""
    until = time.monotonic() + _ERASED_WITHIN
    after: dict[str, ExportedData] = {}
    asked = list(running.facts["postgres_dsn"])
    while asked:
        after |= _found_in(running, person, asked, "Waiting for all services")
        asked = [name for name in asked if time.monotonic() < until and _naming(person.email, after[name])]
    return after


def _flat(found: ExportedData) -> dict[str, list[Any]]:
    return {**found.rows, "dead letters": found.parked, "events": found.events}


def _counts(found: ExportedData) -> dict[str, int]:
    return {name: len(rows) for name, rows in _flat(found).items() if rows}


def _naming(email: str, found: ExportedData) -> dict[str, int]:
    """How many of each name the address, in any spelling."""
    emails = spellings(email)
    counts = {
        name: sum(names(emails, json.dumps(row, ensure_ascii=False)) for row in rows)
        for name, rows in _flat(found).items()
    }
    return {name: count for name, count in counts.items() if count}


def _destroyed(email: str, before: ExportedData, after: ExportedData) -> dict[str, dict[str, int]]:
    """`destroyed`: deleted; `unreadable`: kept, without address and name; `kept`: names the id only; `left`: still
    names the address."""
    was, now = _counts(before), _counts(after)
    named, left = _naming(email, before), _naming(email, after)
    gone = {name: was[name] - now.get(name, 0) for name in was if was[name] > now.get(name, 0)}
    hidden = {name: count - left.get(name, 0) - gone.get(name, 0) for name, count in named.items()}
    kept = {name: count - left.get(name, 0) for name, count in now.items()}
    return {
        "destroyed": gone,
        "unreadable": {name: count for name, count in hidden.items() if count > 0},
        "kept": {name: count for name, count in kept.items() if count > 0},
        "left": left,
    }


def _report(report: dict[str, Any]) -> list[str]:
    lines = [f"keys destroyed: {', '.join(f'{count} in {name}' for name, count in report['keys'].items())}"]
    for name, one in report["services"].items():
        parts = [f"{what} {_listed(counts)}" for what, counts in one.items() if counts]
        lines.append(f"{name}: {'; '.join(parts) or 'no data'}")
    lines.append("Kept rows hold the user id only. Mails that were sent cannot be recalled.")
    return lines


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


def _counted(counts: dict[str, dict[str, int]]) -> list[str]:
    return [f"{name}: {_listed(one) or 'nothing'}" for name, one in counts.items()]
