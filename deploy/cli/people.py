"""`tradehall person`: export or erase a user's personal data, in all services."""

import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from contracts.email import spellings
from deploy.cli.output import STANDARD_OUTPUT, Json, at_once, output, result_of, stop
from deploy.cli.running import Running
from deploy.secret_files import write_private
from privacy.export import EMAILS, names

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
    person = result_of(running.ask("identity", "find-person", user))
    path = file or Path(f"person-{person['user_id']}.json")
    shown = str(path) == STANDARD_OUTPUT
    if path.exists() and not shown:
        stop(f"{path} exists: choose another file.")
    found = _found_in(running, person, running.facts["postgres_dsn"], "Searching")
    exported = {"person": person, "at": datetime.now(UTC).isoformat(timespec="seconds"), "services": found}
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
    person = result_of(running.ask("identity", "find-person", user, "--to-erase"))
    if not yes:
        typer.confirm(f"Erase the personal data of {person['user_id']}? This cannot be undone.", abort=True, err=True)
    before = _found_in(running, person, running.facts["postgres_dsn"], "Searching")
    report = result_of(running.ask("identity", "erase", person["user_id"]))
    after = _when_erased(running, person)
    keys = {name: len(set(one["keys"]) - set(after[name]["keys"])) for name, one in before.items()}
    report["keys"] = {name: count for name, count in keys.items() if count}
    report["services"] = {name: _destroyed(person["email"], before[name], after[name]) for name in before}
    output(as_json, report, _report(report))
    raise typer.Exit(1 if report["waiting"] or any(one["left"] for one in report["services"].values()) else 0)


Found = dict[str, Any]
"""What a service's `person-export` prints: rows by table, dead letters (`parked`), events, keys."""


def _found_in(running: Running, person: dict[str, str], services: Iterable[str], what: str) -> dict[str, Found]:
    addresses = {EMAILS: " ".join(spellings(person["email"]))}
    return at_once(
        services, what, lambda name: result_of(running.ask(name, "person-export", person["user_id"], **addresses))
    )


def _when_erased(running: Running, person: dict[str, str]) -> dict[str, Found]:
    """What is found once no service names the address any more, at the latest after half a minute."""
    until = time.monotonic() + _ERASED_WITHIN
    after: dict[str, Found] = {}
    asked = list(running.facts["postgres_dsn"])
    while asked:
        after |= _found_in(running, person, asked, "Waiting for all services")
        asked = [name for name in asked if time.monotonic() < until and _naming(person["email"], after[name])]
    return after


def _flat(found: Found) -> dict[str, list[Any]]:
    return {**found["rows"], "dead letters": found["parked"], "events": found["events"]}


def _counts(found: Found) -> dict[str, int]:
    return {name: len(rows) for name, rows in _flat(found).items() if rows}


def _naming(email: str, found: Found) -> dict[str, int]:
    """How many of each name the address, in any spelling."""
    emails = spellings(email)
    counts = {
        name: sum(names(emails, json.dumps(row, ensure_ascii=False)) for row in rows)
        for name, rows in _flat(found).items()
    }
    return {name: count for name, count in counts.items() if count}


def _destroyed(email: str, before: Found, after: Found) -> dict[str, dict[str, int]]:
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
    lines = [f"Erased {report['user_id']}.", f"identity's own count: {_listed(report['rows'])}"]
    lines.append(
        f"identity, stream: messages of {report['overwritten']} subjects overwritten, {report['waiting']} pending"
    )
    lines.append(f"keys destroyed: {', '.join(f'{count} in {name}' for name, count in report['keys'].items())}")
    for name, one in report["services"].items():
        parts = [f"{what} {_listed(counts)}" for what, counts in one.items() if counts]
        lines.append(f"{name}: {'; '.join(parts) or 'no data'}")
    lines.append("Kept rows hold the user id only. Mails that were sent cannot be recalled.")
    lines.append(f"Added to the erasure log {report['erasure_list']}, which a restore needs.")
    return lines


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


def _counted(counts: dict[str, dict[str, int]]) -> list[str]:
    return [f"{name}: {_listed(one) or 'nothing'}" for name, one in counts.items()]
