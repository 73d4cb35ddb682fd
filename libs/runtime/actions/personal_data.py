"""Personal data: their export, and the reset of a restored database."""

import json
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from kit.operations.answers import Answer
from privacy.erasure_log import ErasureLog
from privacy.export import EMAILS, DataSubject, Holder, export
from privacy.post_restore import PostRestore, PostRestoreReport, reset
from runtime.actions.definition import Action

_SPELLINGS = "The person's e-mail address, to search for as well; repeat it for each spelling."


class ExportedData(Answer):
    """Rows by table, dead letters (`parked`), events and keys; without secrets."""

    rows: dict[str, list[dict[str, Any]]]
    parked: list[dict[str, Any]]
    events: list[dict[str, Any]]
    keys: list[str]

    def lines(self) -> list[str]:
        return [json.dumps(self.as_json())]


def _export(
    holder: Holder,
    user_id: UUID,
    email: Annotated[list[str] | None, typer.Option(envvar=EMAILS, help=_SPELLINGS)] = None,
) -> ExportedData:
    """Export the personal data that the service stores about a user, without secrets. The output is always JSON."""
    found = export(holder.database, holder.store, DataSubject(user_id, email or ()))
    plain = {"rows": found.rows, "parked": found.dead_letters, "events": found.events, "keys": found.keys}
    return ExportedData.model_validate_json(json.dumps(plain, default=str))


def _post_restore(
    restored: PostRestore,
    erasure_list: Annotated[Path, typer.Option(help="The erasure log, as `erase` writes it.")],
) -> PostRestoreReport:
    """Reset a database that comes from a backup. `tradehall restore` runs this before the service starts."""
    return reset(restored, ErasureLog(erasure_list))


EXPORT = Action("person-export", _export, old_name="person-held")
POST_RESTORE = Action("post-restore", _post_restore, old_name="restored")
