"""Commands for personal data: their export, and the reset of a restored database."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from privacy.erasure_log import ErasureLog
from privacy.export import EMAILS, DataSubject, Holder, PersonalData, export
from privacy.post_restore import PostRestore, reset
from runtime.output import Json, add_command, say

_SPELLINGS = "The person's e-mail address, to search for as well; repeat it for each spelling."


def add_export_command(app: typer.Typer, opened: Callable[[], AbstractContextManager[Holder]]) -> None:
    """Add `person-export` to a service's command line, and `person-held`, its deprecated alias."""

    def person_export(
        user_id: UUID,
        email: Annotated[list[str] | None, typer.Option(envvar=EMAILS, help=_SPELLINGS)] = None,
        _: Annotated[bool, typer.Option("--json", help="The output is always JSON.")] = False,
    ) -> None:
        """Export the personal data that the service stores about a user, without secrets."""
        with opened() as holder:
            found = export(holder.database, holder.store, DataSubject(user_id, email or ()))
        typer.echo(json.dumps(_plain(found), default=str))

    add_command(app, "person-export", person_export, old_name="person-held")


def _plain(found: PersonalData) -> dict[str, Any]:
    return {"rows": found.rows, "parked": found.dead_letters, "events": found.events, "keys": found.keys}


def add_post_restore_command(app: typer.Typer, opened: Callable[[], AbstractContextManager[PostRestore]]) -> None:
    """Add `post-restore` to a service's command line, and `restored`, its deprecated alias."""

    def post_restore(
        erasure_list: Annotated[Path, typer.Option(help="The erasure log, as `erase` writes it.")],
        as_json: Json = False,
    ) -> None:
        """Reset a database that comes from a backup. `tradehall restore` runs this before the service starts."""
        with opened() as restored:
            report = asdict(reset(restored, ErasureLog(erasure_list)))
        say(as_json, report, "\n".join(f"{name}: {value}" for name, value in report.items()))

    add_command(app, "post-restore", post_restore, old_name="restored")
