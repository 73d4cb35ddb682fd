"""The operator log: what operators did to dead letters. Rows are only ever added to it."""

from typing import Any, Literal

from kit.context import cause
from kit.db.database import Database

Action = Literal["replayed", "discarded"]


def record(database: Database, action: Action, dead_letter: dict[str, Any], reason: str | None = None) -> None:
    """Log what the caller does to a row of `parked`, in the transaction that does it."""
    database.execute(
        "INSERT INTO interventions (actor, action, durable, source, subject, sequence, type, reason) "
        "VALUES (%(actor)s, %(action)s, %(durable)s, %(source)s, %(subject)s, %(sequence)s, %(type)s, %(reason)s)",
        {**dead_letter, "actor": cause().actor, "action": action, "reason": reason},
    )
