"""For operators: how a service stands: its health, its stream, its place in those of others, what it set aside."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast

import nats.errors
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from kit.db.database import Database
from kit.errors import Refusal
from kit.http.openapi import refusals
from kit.messaging.consumer import ConsumerRunner, Lag
from kit.messaging.relay import Relay, StreamStatus
from kit.operations.health import Health

_BUS_SECONDS = 2.0
T = TypeVar("T")


class Published(BaseModel):
    """The service's own stream. `position` is the sequence of the last event in it; `waiting` events, the oldest of
    them from `waiting_since`, are not there yet (at most 500 are counted)."""

    stream: str
    messages: int
    bytes: int
    position: int
    waiting: int
    waiting_since: datetime | None


class Reading(BaseModel):
    """A place in another service's stream: messages before it, and in hand; null while the bus does not say."""

    durable: str
    pending: int | None
    in_hand: int | None


class Overview(BaseModel):
    """`health` says `ok`, or what is wrong, for each part; `published` is null while the bus does not answer."""

    service: str
    ready: bool
    health: dict[str, str]
    published: Published | None
    reading: list[Reading]
    parked: int


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
        """Health, stream, places in the streams of others, and how many messages are set aside."""
        health = cast("Health", request.app.state.health)
        (ready, parts), standing, lags = await asyncio.gather(
            health.report(), told(relay.standing()), asyncio.gather(*(told(one.lag()) for one in reading))
        )
        row = await asyncio.to_thread(database.one, "SELECT count(*) AS parked FROM parked")
        return Overview(
            service=service,
            ready=ready,
            health=parts,
            published=_published(standing),
            reading=[_reading(one.inbox.durable, lag) for one, lag in zip(reading, lags, strict=True)],
            parked=row["parked"] if row else 0,
        )

    return router


async def told(question: Awaitable[T]) -> T | None:
    """None where the bus does not answer in time."""
    try:
        async with asyncio.timeout(_BUS_SECONDS):
            return await question
    except (nats.errors.Error, TimeoutError, OSError):
        return None


def _published(standing: StreamStatus | None) -> Published | None:
    if standing is None:
        return None
    return Published(
        stream=standing.stream,
        messages=standing.messages,
        bytes=standing.bytes,
        position=standing.position,
        waiting=standing.waiting,
        waiting_since=standing.since,
    )


def _reading(durable: str, lag: Lag | None) -> Reading:
    if lag is None:
        return Reading(durable=durable, pending=None, in_hand=None)
    return Reading(durable=durable, pending=lag.pending, in_hand=lag.in_hand)
