"""For operators: the status of a service, its dead letters (to read, replay or discard), and the operator log."""

import logging
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path

from kit.context import cause
from kit.db.database import Database
from kit.errors import NotFound, Refusal
from kit.http.openapi import refusals
from kit.http.pagination import Page, Paged
from kit.messaging.consumer import ConsumerRunner
from kit.messaging.relay import Relay
from kit.operations.dead_letters import DeadLetter, DeadLetters, Discard, Replayed, ReplayFailed
from kit.operations.operator_log import operator_log_route
from kit.operations.overview import overview_route

_log = logging.getLogger("kit.operations")


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
    known = DeadLetters(database, [one.inbox for one in reading])
    return [
        overview_route(service, database, relay, reading, operator, *needed),
        operator_log_route(service, "operator-log", database, operator, *needed),
        operator_log_route(service, "interventions", database, operator, *needed, deprecated=True),
        _dead_letters(service, "dead-letters", known, operator, *needed),
        _dead_letters(service, "parked", known, operator, *needed, deprecated=True),
    ]


def _dead_letters(
    service: str,
    name: str,
    known: DeadLetters,
    operator: Callable[..., Any],
    *needed: type[Refusal],
    deprecated: bool = False,
) -> APIRouter:
    router = APIRouter(
        prefix=f"/api/v1/operations/{service}/{name}", tags=["operations"], dependencies=[Depends(operator)]
    )
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
        try:
            done = known.replay(dead_letter)
        except ReplayFailed as error:
            _log.warning("%s replayed dead letter %s, which failed again", cause().actor, dead_letter, exc_info=error)
            raise
        _log.info("%s replayed dead letter %s: %s applied", cause().actor, dead_letter, done.replayed)
        return done

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
        row = known.discard(dead_letter, body.reason)
        _log.warning(
            "%s discarded %s %s of %s: %s", cause().actor, row["source"], row["sequence"], row["subject"], body.reason
        )

    return router
