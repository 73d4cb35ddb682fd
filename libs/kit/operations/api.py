"""For operators: the status of a service, its dead letters (to read, replay or discard), and the operator log."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from kit.context import cause
from kit.db.database import Database
from kit.errors import Conflict, NotFound, Refusal
from kit.http.openapi import refusals
from kit.http.pagination import Page, Paged
from kit.messaging import operator_log
from kit.messaging.consumer import ConsumerRunner
from kit.messaging.inbox import TRANSIENT, Inbox
from kit.messaging.operator_log import DurableName, OperatorLogEntry, Source, Subject, Type
from kit.messaging.operator_log import Sequence as SequenceNumber
from kit.messaging.relay import Relay
from kit.operations.overview import overview_route

_log = logging.getLogger("kit.operations")


class ReplayFailed(Conflict):
    code = "replay-failed"
    title = "The message failed again and remains a dead letter"


class DeadLetter(BaseModel):
    """A message that could not be applied."""

    id: int = Field(description="Id of the dead letter.", examples=[17])
    durable: DurableName
    source: Source
    subject: Subject
    sequence: SequenceNumber
    type: Type
    payload: str = Field(
        description="The message as text. It may contain personal data, never a secret.",
        examples=['{"specversion":"1.0"}'],
    )
    error: str = Field(description="Error of the last attempt.", examples=["MalformedEvent: source: Field required"])
    attempts: int = Field(description="Number of attempts to apply the message.", examples=[3])
    parked_at: datetime = Field(
        description="Time at which the message became a dead letter (RFC 3339, UTC).",
        examples=["2026-03-02T09:30:00Z"],
    )

    @classmethod
    def of_row(cls, row: dict[str, Any]) -> "DeadLetter":
        return cls(**{**row, "payload": bytes(row["payload"]).decode(errors="replace")})


class Replayed(BaseModel):
    """The result of a replay."""

    replayed: int = Field(
        description="Number of messages applied: the dead letter, and those of the same subject behind it.",
        examples=[1],
    )


class Discard(BaseModel):
    """A reason for discarding a message."""

    model_config = ConfigDict(extra="forbid")
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)] = Field(
        description="Reason, for the operator log, 1 to 500 characters.", examples=["Made by hand for a test"]
    )


def routes(
    service: str,
    database: Database,
    relay: Relay,
    reading: Sequence[ConsumerRunner],
    operator: Callable[..., Any],
    *needed: type[Refusal],
) -> list[APIRouter]:
    """All routes below /api/v1/operations/<service>.

    `operator` is a dependency that refuses everybody else, with one of `needed`. The routes below `/parked` and
    `/interventions` are the names of release 0.1.0; they are deprecated.
    """
    known = _DeadLetters(database, [one.inbox for one in reading])
    return [
        overview_route(service, database, relay, reading, operator, *needed),
        _operator_log(service, "operator-log", database, operator, *needed),
        _operator_log(service, "interventions", database, operator, *needed, deprecated=True),
        _dead_letters(service, "dead-letters", known, operator, *needed),
        _dead_letters(service, "parked", known, operator, *needed, deprecated=True),
    ]


def _router(service: str, operator: Callable[..., Any], below: str = "") -> APIRouter:
    return APIRouter(
        prefix=f"/api/v1/operations/{service}{below}", tags=["operations"], dependencies=[Depends(operator)]
    )


def _operator_log(
    service: str,
    name: str,
    database: Database,
    operator: Callable[..., Any],
    *needed: type[Refusal],
    deprecated: bool = False,
) -> APIRouter:
    router = _router(service, operator)
    operation_id = f"list_{name.replace('-', '_')}_of_{service}"

    @router.get(
        f"/{name}",
        operation_id=operation_id,
        summary=f"List the operator log of the {service} service",
        responses=refusals(*needed),
        deprecated=deprecated or None,
    )
    def list_operator_log(paging: Paged) -> Page[OperatorLogEntry]:
        """Returns the dead letters that operators replayed or discarded, newest first. Requires an operator."""
        return operator_log.read(database, paging)

    return router


class _DeadLetters:
    """The dead letters of a service's consumers."""

    def __init__(self, database: Database, inboxes: Sequence[Inbox]) -> None:
        self._database = database
        self._inboxes = {inbox.durable: inbox for inbox in inboxes}

    def after(self, dead_letter_id: int, limit: int) -> list[dict[str, Any]]:
        return list(
            self._database.all("SELECT * FROM parked WHERE id > %s ORDER BY id LIMIT %s", (dead_letter_id, limit))
        )

    def find(self, dead_letter_id: int) -> tuple[dict[str, Any], Inbox]:
        """The row and the inbox that it belongs to. Raises NotFound."""
        row = None
        if 0 < dead_letter_id < 2**63:
            row = self._database.one("SELECT * FROM parked WHERE id = %s", (dead_letter_id,))
        if row is None or row["durable"] not in self._inboxes:
            raise NotFound
        return row, self._inboxes[row["durable"]]

    def replay(self, dead_letter_id: int) -> int:
        """Apply it and those behind it; answers how many were applied. Raises NotFound, ReplayFailed and TRANSIENT."""
        row, inbox = self.find(dead_letter_id)
        try:
            applied = inbox.replay(row["source"], row["subject"])
        except TRANSIENT:
            raise
        except Exception as error:  # whatever it is, it is the answer
            _log.warning("%s replayed %s, which failed again", cause().actor, row["subject"], exc_info=error)
            raise ReplayFailed(f"{type(error).__name__}: {error}"[:500]) from error
        _log.info("%s replayed %s of %s", cause().actor, applied, row["subject"])
        return applied

    def discard(self, dead_letter_id: int, reason: str) -> None:
        """Raises NotFound."""
        row, inbox = self.find(dead_letter_id)
        if not inbox.discard(dead_letter_id, reason):
            raise NotFound
        _log.warning(
            "%s discarded %s %s of %s: %s", cause().actor, row["source"], row["sequence"], row["subject"], reason
        )


def _dead_letters(
    service: str,
    name: str,
    known: _DeadLetters,
    operator: Callable[..., Any],
    *needed: type[Refusal],
    deprecated: bool = False,
) -> APIRouter:
    router = _router(service, operator, f"/{name}")
    plural = name.replace("-", "_")
    # The name of the path's parameter and the operations' ids are part of the released document.
    singular = plural.removesuffix("s")
    marked = deprecated or None

    @router.get(
        "",
        operation_id=f"list_{plural}_of_{service}",
        summary=f"List the dead letters of the {service} service",
        responses=refusals(*needed),
        deprecated=marked,
    )
    def list_dead_letters(paging: Paged) -> Page[DeadLetter]:
        """Returns the messages that could not be applied, oldest first. Requires an operator."""
        (after,) = paging.after_key(int) or (0,)
        return paging.page(known.after(after, paging.limit + 1), DeadLetter.of_row, lambda row: [row["id"]])

    ID = Annotated[int, Path(alias=singular, description="Id of the dead letter.")]

    @router.post(
        f"/{{{singular}}}/replay",
        operation_id=f"replay_{singular}_of_{service}",
        summary=f"Replay a dead letter of the {service} service",
        responses=refusals(*needed, NotFound, ReplayFailed),
        deprecated=marked,
    )
    def replay(dead_letter: ID) -> Replayed:
        """Applies the message again, then those of the same subject behind it, in order, until one fails. Requires an
        operator."""
        return Replayed(replayed=known.replay(dead_letter))

    @router.post(
        f"/{{{singular}}}/discard",
        status_code=204,
        operation_id=f"discard_{singular}_of_{service}",
        summary=f"Discard a dead letter of the {service} service",
        responses=refusals(*needed, NotFound),
        deprecated=marked,
    )
    def discard(dead_letter: ID, body: Discard) -> None:
        """Deletes the message permanently, so that those behind it can be replayed. Requires an operator."""
        known.discard(dead_letter, body.reason)

    return router
