"""For operators: how a service stands, and the messages it has set aside, to be read, replayed or discarded."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, StringConstraints

from kit.context import cause
from kit.db.database import Database
from kit.errors import Conflict, NotFound, Refusal
from kit.http.openapi import refusals
from kit.http.pagination import Page, Paged
from kit.messaging import operator_log as interventions
from kit.messaging.consumer import ConsumerRunner
from kit.messaging.inbox import TRANSIENT, Inbox
from kit.messaging.operator_log import OperatorLogEntry
from kit.messaging.relay import Relay
from kit.operations.overview import overview_route

_log = logging.getLogger("kit.operations")


class ReplayFailed(Conflict):
    code = "replay-failed"
    title = "The message failed again and stays where it is"


class Parked(BaseModel):
    """A message set aside. `payload` may hold personal data, never a secret."""

    id: int
    durable: str
    source: str
    subject: str
    sequence: int
    type: str
    payload: str
    error: str
    attempts: int
    parked_at: datetime


class Replayed(BaseModel):
    """How many messages of the same subject were applied."""

    replayed: int


class Discard(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


def routes(
    service: str,
    database: Database,
    relay: Relay,
    reading: Sequence[ConsumerRunner],
    operator: Callable[..., Any],
    *needed: type[Refusal],
) -> list[APIRouter]:
    """`operator` is a dependency that refuses everybody else, with one of `needed`."""
    return [
        overview_route(service, database, relay, reading, operator, *needed),
        _record(service, database, operator, *needed),
        _parked(service, database, [one.inbox for one in reading], operator, *needed),
    ]


def _record(service: str, database: Database, operator: Callable[..., Any], *needed: type[Refusal]) -> APIRouter:
    router = APIRouter(prefix=f"/api/v1/operations/{service}", tags=["operations"], dependencies=[Depends(operator)])

    @router.get("/interventions", operation_id=f"list_interventions_of_{service}", responses=refusals(*needed))
    def list_interventions(paging: Paged) -> Page[OperatorLogEntry]:
        """What operators replayed and discarded, the newest first."""
        return interventions.listed(database, paging)

    return router


def _parked(
    service: str,
    database: Database,
    inboxes: Sequence[Inbox],
    operator: Callable[..., Any],
    *needed: type[Refusal],
) -> APIRouter:
    router = APIRouter(
        prefix=f"/api/v1/operations/{service}/parked", tags=["operations"], dependencies=[Depends(operator)]
    )
    known = {inbox.durable: inbox for inbox in inboxes}

    def find(parked: int) -> dict[str, Any]:
        row = database.one("SELECT * FROM parked WHERE id = %s", (parked,)) if 0 < parked < 2**63 else None
        if row is None or row["durable"] not in known:
            raise NotFound
        return row

    @router.get("", operation_id=f"list_parked_of_{service}", responses=refusals(*needed))
    def list_parked(paging: Paged) -> Page[Parked]:
        """Messages set aside, in the order in which it happened."""
        (after,) = paging.after_key(int) or (0,)
        rows = database.all("SELECT * FROM parked WHERE id > %s ORDER BY id LIMIT %s", (after, paging.limit + 1))
        return paging.page(list(rows), _shown, lambda row: [row["id"]])

    @router.post(
        "/{parked}/replay",
        operation_id=f"replay_parked_of_{service}",
        responses=refusals(*needed, NotFound, ReplayFailed),
    )
    def replay(parked: int) -> Replayed:
        """Apply this message and those behind it of the same subject, in order, until one fails."""
        row = find(parked)
        try:
            done = known[row["durable"]].replay(row["source"], row["subject"])
        except TRANSIENT:
            raise
        except Exception as error:  # whatever it is, it is the answer
            _log.warning("%s replayed %s in vain", cause().actor, row["subject"], exc_info=error)
            raise ReplayFailed(f"{type(error).__name__}: {error}"[:500]) from error
        _log.info("%s replayed %s of %s", cause().actor, done, row["subject"])
        return Replayed(replayed=done)

    @router.post(
        "/{parked}/discard",
        status_code=204,
        operation_id=f"discard_parked_of_{service}",
        responses=refusals(*needed, NotFound),
    )
    def discard(parked: int, body: Discard) -> None:
        """Drop one message for good."""
        row = find(parked)
        if not known[row["durable"]].discard(parked, body.reason):
            raise NotFound
        _log.warning(
            "%s discarded %s %s of %s: %s", cause().actor, row["source"], row["sequence"], row["subject"], body.reason
        )

    return router


def _shown(row: dict[str, Any]) -> Parked:
    return Parked(**{**row, "payload": bytes(row["payload"]).decode(errors="replace")})
