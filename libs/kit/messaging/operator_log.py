"""The operator log: what operators did to dead letters. Rows are only ever added to it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from kit.context import cause
from kit.db.database import Database
from kit.http.pagination import HIGHEST, Page, Paging

Action = Literal["replayed", "discarded"]

DurableName = Annotated[
    str, Field(description="Name of the consumer that could not apply the message.", examples=["platforms-identity"])
]
Source = Annotated[str, Field(description="Source of the message (CloudEvents).", examples=["/identity/1"])]
Subject = Annotated[
    str,
    Field(
        description="Id of the aggregate that the message is about. Later messages about it are kept behind this one.",
        examples=["8c1f2b7e-52a4-4f0e-8a3c-6b1d9e0f4a21"],
    ),
]
Sequence = Annotated[int, Field(description="Position of the message in its source.", examples=[42])]
Type = Annotated[
    str, Field(description="Type of the message (CloudEvents).", examples=["tradehall.identity.UserRenamed.v1"])
]


class OperatorLogEntry(BaseModel):
    """A dead letter that an operator replayed or discarded."""

    id: int = Field(description="Number of the entry; later entries have higher numbers.", examples=[3])
    at: datetime = Field(description="Time of the action (RFC 3339, UTC).", examples=["2026-03-16T14:05:00Z"])
    actor: str | None = Field(
        description="User id of the operator; null for a command.", examples=["8c1f2b7e-52a4-4f0e-8a3c-6b1d9e0f4a21"]
    )
    action: Action = Field(description="What the operator did.", examples=["discarded"])
    durable: DurableName
    source: Source
    subject: Subject
    sequence: Sequence
    type: Type
    reason: str | None = Field(
        description="Reason for discarding the message; null for a replay.", examples=["Made by hand for a test"]
    )


def record(database: Database, action: Action, dead_letter: dict[str, Any], reason: str | None = None) -> None:
    """Log what the caller does to a row of `parked`, in the transaction that does it."""
    database.execute(
        "INSERT INTO interventions (actor, action, durable, source, subject, sequence, type, reason) "
        "VALUES (%(actor)s, %(action)s, %(durable)s, %(source)s, %(subject)s, %(sequence)s, %(type)s, %(reason)s)",
        {**dead_letter, "actor": cause().actor, "action": action, "reason": reason},
    )


def read(database: Database, paging: Paging) -> Page[OperatorLogEntry]:
    """The newest first."""
    (below,) = paging.after_key(int) or (HIGHEST,)
    rows = database.all(
        "SELECT * FROM interventions WHERE id < %s ORDER BY id DESC LIMIT %s", (below, paging.limit + 1)
    )
    return paging.page(list(rows), lambda row: OperatorLogEntry(**row), lambda row: [row["id"]])
