"""What operators did to messages that were set aside: a record that is only ever added to."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from kit.context import cause
from kit.db.database import Database
from kit.http.pagination import Page, Paging

Action = Literal["replayed", "discarded"]


class OperatorLogEntry(BaseModel):
    """A message that was applied or dropped by hand; `actor` is the operator's user id, `reason` a discard's."""

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


def record(database: Database, action: Action, parked: dict[str, Any], reason: str | None = None) -> None:
    """Note what the caller does to a row of `parked`, in the transaction that does it."""
    database.execute(
        "INSERT INTO interventions (actor, action, durable, source, subject, sequence, type, reason) "
        "VALUES (%(actor)s, %(action)s, %(durable)s, %(source)s, %(subject)s, %(sequence)s, %(type)s, %(reason)s)",
        {**parked, "actor": cause().actor, "action": action, "reason": reason},
    )


def listed(database: Database, paging: Paging) -> Page[OperatorLogEntry]:
    """The newest first."""
    rows = database.all(
        "SELECT * FROM interventions WHERE id < %s ORDER BY id DESC LIMIT %s", (paging.number(), paging.limit + 1)
    )
    return paging.page(list(rows), lambda row: OperatorLogEntry(**row), lambda row: [row["id"]])
