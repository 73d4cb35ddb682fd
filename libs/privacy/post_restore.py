"""What a service does to a database that came out of a backup: a new epoch, old rights to act ended, and everybody
who was erased since forgotten again. Nothing may use the database meanwhile."""

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, LiteralString
from uuid import UUID

import typer

from kit.db.database import Database
from kit.eventstore.rebuild import rebuild
from kit.eventstore.store import Store
from privacy.erasure_log import ErasureLog

Ends = Mapping[str, LiteralString]
"""What must not outlive a restore, by what it is called: the statement that deletes it."""

_OF_ALL: Ends = {"copies of signing keys": "DELETE FROM token_keys"}
_NEW_EPOCH: LiteralString = (
    "INSERT INTO epochs (epoch, after_sequence, begun_at) "
    "SELECT left(gen_random_uuid()::text, 8), (SELECT coalesce(max(sequence), 0) FROM events), clock_timestamp() "
    "WHERE EXISTS (SELECT FROM epochs) RETURNING epoch"
)
_AHEAD: LiteralString = (
    "SELECT setval('events_sequence_seq', last_value + 4294967296) FROM events_sequence_seq WHERE EXISTS "
    "(SELECT FROM epochs)"
)
"""Further than any lost numbers went: who reads the feed of events by position would take new ones for read."""


@dataclass(frozen=True)
class PostRestore:
    """What a service brings along; `forget` (erase a person, where they are known) and `store` only where it has
    personal data and read models."""

    database: Database
    ends: Ends
    forget: Callable[[UUID], object] | None = None
    store: Store | None = None


@dataclass(frozen=True)
class PostRestoreReport:
    """`epoch` is None where nothing was ever published; `ended` and `differing` count rows by what they are."""

    epoch: str | None
    ended: dict[str, int]
    differing: dict[str, int]


def restored(restoring: PostRestore, erased: ErasureLog) -> PostRestoreReport:
    """May be repeated: each time begins an epoch of its own. Raises OSError."""
    with restoring.database.long_work() as connection, connection.cursor() as cursor:
        row = cursor.execute(_NEW_EPOCH).fetchone()
        cursor.execute(_AHEAD)
        statements = {**_OF_ALL, **restoring.ends}
        ended = {name: cursor.execute(statement).rowcount for name, statement in statements.items()}
    if restoring.forget is not None:
        for user_id in erased.ids():
            restoring.forget(user_id)
    differing = rebuild(restoring.store).differing if restoring.store is not None else {}
    return PostRestoreReport(row["epoch"] if row else None, ended, differing)


def restored_command(app: typer.Typer, opened: Callable[[], AbstractContextManager[PostRestore]]) -> None:
    """Adds `restored` to a service's command line."""

    @app.command("restored")
    def _restored(
        erasure_list: Annotated[Path, typer.Option(help="Who was erased, as `erase` writes it.")],
        as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
    ) -> None:
        """Make a database from a backup fit for use; `tradehall restore` runs this before the service starts."""
        with opened() as restoring:
            done = asdict(restored(restoring, ErasureLog(erasure_list)))
        typer.echo(json.dumps(done) if as_json else "\n".join(f"{name}: {value}" for name, value in done.items()))
