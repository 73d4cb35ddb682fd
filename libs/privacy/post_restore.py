"""The reset of a database that comes from a backup. Nothing else may use the database meanwhile.

It begins a new epoch, deletes what must not be valid again (sessions, tokens), and erases again everybody who was
erased since the backup.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from kit.db.database import Database
from kit.eventstore.rebuild import rebuild
from kit.eventstore.store import Store
from kit.operations.answers import Answer
from privacy.erasure_log import ErasureLog

Removals = Mapping[str, LiteralString]
"""What must not outlive a restore: a name for the report, and the statement that deletes it."""

_OF_ALL: Removals = {"copies of signing keys": "DELETE FROM token_keys"}
_NEW_EPOCH: LiteralString = (
    "INSERT INTO epochs (epoch, after_sequence, begun_at) "
    "SELECT left(gen_random_uuid()::text, 8), (SELECT coalesce(max(sequence), 0) FROM events), clock_timestamp() "
    "WHERE EXISTS (SELECT FROM epochs) RETURNING epoch"
)
_AHEAD: LiteralString = (
    "SELECT setval('events_sequence_seq', last_value + 4294967296) FROM events_sequence_seq WHERE EXISTS "
    "(SELECT FROM epochs)"
)
"""Beyond any number that was lost: a reader of the feed that remembers a position would skip new events else."""


@dataclass(frozen=True)
class PostRestore:
    """What a service provides: `removals`; `erase` (a user) if it has personal data; `store` if it has read models."""

    database: Database
    removals: Removals
    erase: Callable[[UUID], object] | None = None
    store: Store | None = None


class PostRestoreReport(Answer):
    """`epoch` is None where nothing was ever published; `ended` counts deleted rows by removal, `differing` corrected
    rows by read model."""

    epoch: str | None
    ended: dict[str, int]
    differing: dict[str, int]

    def lines(self) -> Iterable[str]:
        return (f"{name}: {value}" for name, value in self.as_json().items())


def reset(restored: PostRestore, erased: ErasureLog) -> PostRestoreReport:
    """May be repeated: each run begins an epoch of its own. Raises OSError."""
    with restored.database.long_work() as connection, connection.cursor() as cursor:
        row = cursor.execute(_NEW_EPOCH).fetchone()
        cursor.execute(_AHEAD)
        statements = {**_OF_ALL, **restored.removals}
        ended = {name: cursor.execute(statement).rowcount for name, statement in statements.items()}
    if restored.erase is not None:
        for user_id in erased.ids():
            restored.erase(user_id)
    differing = rebuild(restored.store).differing if restored.store is not None else {}
    return PostRestoreReport(epoch=row["epoch"] if row else None, ended=ended, differing=differing)
