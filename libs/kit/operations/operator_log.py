"""For operators: the list of what operators did to dead letters."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from kit.db.database import Database
from kit.errors import Refusal
from kit.http.openapi import refusals
from kit.http.pagination import HIGHEST, Page, Paged, Paging
from kit.messaging.operator_log import Action
from kit.operations.dead_letters import DurableName, SequenceNumber, Source, Subject, Type


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
    sequence: SequenceNumber
    type: Type
    reason: str | None = Field(
        description="Reason for discarding the message; null for a replay.", examples=["Made by hand for a test"]
    )


def operator_log_route(
    service: str,
    name: str,
    database: Database,
    operator: Callable[..., Any],
    *needed: type[Refusal],
    deprecated: bool = False,
) -> APIRouter:
    """`operator` is a dependency that refuses everybody else, with one of `needed`."""
    router = APIRouter(prefix=f"/api/v1/operations/{service}", tags=["operations"], dependencies=[Depends(operator)])

    @router.get(
        f"/{name}",
        operation_id=f"list_{name.replace('-', '_')}_of_{service}",
        summary=f"List the operator log of the {service} service",
        responses=refusals(*needed),
        deprecated=deprecated or None,
    )
    def list_operator_log(paging: Paged) -> Page[OperatorLogEntry]:
        """Returns the dead letters that operators replayed or discarded, newest first. Requires an operator."""
        return _read(database, paging)

    return router


def _read(database: Database, paging: Paging) -> Page[OperatorLogEntry]:
    (below,) = paging.after_key(int) or (HIGHEST,)
    rows = database.all(
        "SELECT * FROM interventions WHERE id < %s ORDER BY id DESC LIMIT %s", (below, paging.limit + 1)
    )
    return paging.page(list(rows), lambda row: OperatorLogEntry(**row), lambda row: [row["id"]])
