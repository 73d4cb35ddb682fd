"""The operator log: what operators did to dead letters. Rows are only ever added to it."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from kit.context import cause
from kit.db.database import Database
from kit.http.pagination import Page, Paging

Action = Literal["replayed", "discarded"]


class OperatorLogEntry(BaseModel):
    """A dead letter that an operator replayed or discarded; `actor` is their user id, `reason` that of a discard."""

    id: int
    at: datetime
    actor: str | None
    action: Action
    durable: str
    source: str
    subject: str
    sequence: int
    type: str
    reason: str | None


def record(database: Database, action: Action, dead_letter: dict[str, Any], reason: str | None = None) -> None:
    """Log what the caller does to a row of `parked`, in the transaction that does it."""
    database.execute(
        "INSERT INTO interventions (actor, action, durable, source, subject, sequence, type, reason) "
        "VALUES (%(actor)s, %(action)s, %(durable)s, %(source)s, %(subject)s, %(sequence)s, %(type)s, %(reason)s)",
        {**dead_letter, "actor": cause().actor, "action": action, "reason": reason},
    )


def read(database: Database, paging: Paging) -> Page[OperatorLogEntry]:
    """The newest first."""
    rows = database.all(
        "SELECT * FROM interventions WHERE id < %s ORDER BY id DESC LIMIT %s", (paging.number(), paging.limit + 1)
    )
    return paging.page(list(rows), lambda row: OperatorLogEntry(**row), lambda row: [row["id"]])
