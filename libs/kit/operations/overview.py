"""For operators: the status of a service: health, stream, consumers, number of dead letters."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar, cast

import nats.errors
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from kit.db.database import Database
from kit.errors import Refusal
from kit.http.openapi import refusals
from kit.messaging.consumer import ConsumerRunner, Lag
from kit.messaging.relay import Relay, StreamStatus
from kit.operations.health import Health

_BUS_SECONDS = 2.0
T = TypeVar("T")


class Published(BaseModel):
    """The service's own stream. `position` is the sequence of the last event in it; `waiting` events (at most 500 are
    counted), the oldest of them stored at `waiting_since`, are not published yet."""

    stream: str
    messages: int
    bytes: int
    position: int
    waiting: int
    waiting_since: datetime | None


class Reading(BaseModel):
    """A consumer of another service's stream: messages unread and in flight; null while the bus does not answer."""

    durable: str
    pending: int | None
    in_hand: int | None


class Overview(BaseModel):
    """`health` is `ok`, or what is wrong, for each part; `published` is null while the bus does not answer."""

    service: str
    ready: bool
    health: dict[str, str]
    published: Published | None
    reading: list[Reading]
    dead_letters: int
    parked: Annotated[int, Field(deprecated=True, description="The same as `dead_letters`")]


def overview_route(
    service: str,
    database: Database,
    relay: Relay,
    reading: Sequence[ConsumerRunner],
    operator: Callable[..., Any],
    *needed: type[Refusal],
) -> APIRouter:
    """`operator` is a dependency that refuses everybody else, with one of `needed`."""
    router = APIRouter(prefix=f"/api/v1/operations/{service}", tags=["operations"], dependencies=[Depends(operator)])

    @router.get("", operation_id=f"overview_of_{service}", responses=refusals(*needed))
    async def overview(request: Request) -> Overview:
        """Show health, stream, consumers, and the number of dead letters."""
        health = cast("Health", request.app.state.health)
        (ready, parts), status, lags = await asyncio.gather(
            health.report(),
            answer_or_none(relay.status()),
            asyncio.gather(*(answer_or_none(one.lag()) for one in reading)),
        )
        row = await asyncio.to_thread(database.one, "SELECT count(*) AS count FROM parked")
        count = row["count"] if row else 0
        return Overview(
            service=service,
            ready=ready,
            health=parts,
            published=_published(status),
            reading=[_reading(one.inbox.durable, lag) for one, lag in zip(reading, lags, strict=True)],
            dead_letters=count,
            parked=count,
        )

    return router


async def answer_or_none(question: Awaitable[T]) -> T | None:
    """The answer; None where the bus does not answer within two seconds."""
    try:
        async with asyncio.timeout(_BUS_SECONDS):
            return await question
    except (nats.errors.Error, TimeoutError, OSError):
        return None


def _published(status: StreamStatus | None) -> Published | None:
    if status is None:
        return None
    return Published(
        stream=status.stream,
        messages=status.messages,
        bytes=status.bytes,
        position=status.position,
        waiting=status.waiting,
        waiting_since=status.since,
    )


def _reading(durable: str, lag: Lag | None) -> Reading:
    if lag is None:
        return Reading(durable=durable, pending=None, in_hand=None)
    return Reading(durable=durable, pending=lag.pending, in_hand=lag.in_hand)
