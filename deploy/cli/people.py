"""`tradehall person`: what is held about somebody, and their erasure, in all services."""

import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from contracts.email import spellings
from deploy.cli.asking import STANDARD_OUTPUT, Json, at_once, said, stop, tell
from deploy.cli.running import Running
from deploy.secret_files import write_private
from privacy.export import EMAILS, names

people = typer.Typer(no_args_is_help=True, help="What is held about a person.")
_WHO = "A user's id, or an e-mail address, which `ps` shows to all users of this machine meanwhile."
Who = Annotated[str, typer.Argument(metavar="PERSON", help=_WHO)]
_FORGOTTEN_WITHIN = 30.0  # seconds, by services that hear of it


@people.command()
def export(
    who: Who,
    file: Annotated[
        Path | None,
        typer.Option(help="Where to; must not exist yet. By default person-<id>.json; - is the standard output."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write everything that all services hold about a person to one file, without secrets."""
    running = Running.found()
    person = said(running.ask("identity", "find-person", who))
    path = file or Path(f"person-{person['user_id']}.json")
    shown = str(path) == STANDARD_OUTPUT
    if path.exists() and not shown:
        stop(f"{path} exists: nothing is overwritten.")
    found = _held(running, person, running.facts["postgres_dsn"], "Looking")
    told = {"person": person, "at": datetime.now(UTC).isoformat(timespec="seconds"), "services": found}
    text = json.dumps(told, indent=2) + "\n"
    if shown:
        typer.echo(text, nl=False)
        return
    write_private(path.absolute(), text)
    counts = {name: _counts(one) for name, one in found.items()}
    tell(as_json, {"file": str(path), "found": counts}, [f"Written: {path}.", *_counted(counts)])


@people.command()
def erase(
    who: Who,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
    as_json: Json = False,
) -> None:
    """Forget a person for good, in all services, and say what was destroyed where; exits with 1 while some is left."""
    running = Running.found()
    person = said(running.ask("identity", "find-person", who, "--to-erase"))
    if not yes:
        typer.confirm(f"Forget {person['user_id']} for good? Nobody can bring them back.", abort=True, err=True)
    before = _held(running, person, running.facts["postgres_dsn"], "Looking")
    report = said(running.ask("identity", "erase", person["user_id"]))
    after = _when_forgotten(running, person)
    keys = {name: len(set(one["keys"]) - set(after[name]["keys"])) for name, one in before.items()}
    report["keys"] = {name: count for name, count in keys.items() if count}
    told = {**report, "services": {name: _destroyed(person["email"], before[name], after[name]) for name in before}}
    tell(as_json, told, _report(told))
    raise typer.Exit(0 if not report["waiting"] and not any(one["left"] for one in told["services"].values()) else 1)


Found = dict[str, Any]
"""What a service's `person-held` answers: rows by table, parked messages, events, keys."""


def _held(running: Running, person: dict[str, str], services: Iterable[str], what: str) -> dict[str, Found]:
    looked_for = {EMAILS: " ".join(spellings(person["email"]))}
    return at_once(services, what, lambda name: said(running.ask(name, "person-held", person["user_id"], **looked_for)))


def _when_forgotten(running: Running, person: dict[str, str]) -> dict[str, Found]:
    """What is still held once no service names the address any more, or so long after."""
    until = time.monotonic() + _FORGOTTEN_WITHIN
    after: dict[str, Found] = {}
    asked = list(running.facts["postgres_dsn"])
    while asked:
        after |= _held(running, person, asked, "Waiting for all services")
        asked = [name for name in asked if time.monotonic() < until and _naming(person["email"], after[name])]
    return after


def _flat(found: Found) -> dict[str, list[Any]]:
    return {**found["rows"], "parked messages": found["parked"], "events": found["events"]}


def _counts(found: Found) -> dict[str, int]:
    return {name: len(rows) for name, rows in _flat(found).items() if rows}


def _naming(email: str, found: Found) -> dict[str, int]:
    """How many of each hold the address, however it is spelt."""
    emails = spellings(email)
    counts = {
        name: sum(names(emails, json.dumps(row, ensure_ascii=False)) for row in rows)
        for name, rows in _flat(found).items()
    }
    return {name: count for name, count in counts.items() if count}


def _destroyed(email: str, before: Found, after: Found) -> dict[str, dict[str, int]]:
    """`destroyed`: gone altogether; `unreadable`: there still, without address and name; `kept`: names the id only;
    `left`: still names the address."""
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


def _report(told: dict[str, Any]) -> list[str]:
    lines = [f"Erased {told['user_id']}.", f"identity's own count: {_listed(told['rows'])}"]
    lines.append(f"identity, stream: messages of {told['overwritten']} subjects overwritten, {told['waiting']} wait")
    lines.append(f"keys destroyed: {', '.join(f'{count} in {name}' for name, count in told['keys'].items())}")
    for name, one in told["services"].items():
        parts = [f"{what} {_listed(counts)}" for what, counts in one.items() if counts]
        lines.append(f"{name}: {'; '.join(parts) or 'nothing was held'}")
    lines.append("Kept rows hold the id alone, which says nobody's name. Mails that were sent are out of reach.")
    lines.append(f"Noted in {told['erasure_list']}, which a restore needs.")
    return lines


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


def _counted(counts: dict[str, dict[str, int]]) -> list[str]:
    return [f"{name}: {_listed(one) or 'nothing'}" for name, one in counts.items()]
