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
    """The stream that the service publishes its events in."""

    stream: str = Field(description="Name of the stream.", examples=["IDENTITY"])
    messages: int = Field(description="Number of messages in the stream.", examples=[86])
    bytes: int = Field(description="Size of the stream in bytes.", examples=[86002])
    position: int = Field(description="Sequence of the last event in the stream.", examples=[356])
    waiting: int = Field(
        description="Outbox backlog: number of stored events that are not published yet; at most 500 are counted.",
        examples=[0],
    )
    waiting_since: datetime | None = Field(
        description="Time at which the oldest of them was stored (RFC 3339, UTC); null if there is none.",
        examples=[None],
    )


class Reading(BaseModel):
    """A consumer of another service's stream."""

    durable: str = Field(description="Name of the consumer.", examples=["platforms-identity"])
    pending: int | None = Field(
        description="Consumer lag: number of messages not read yet; null while the bus does not answer.", examples=[0]
    )
    in_hand: int | None = Field(
        description="Number of messages in flight; null while the bus does not answer.", examples=[0]
    )


class Overview(BaseModel):
    """The status of a service."""

    service: str = Field(description="Name of the service.", examples=["platforms"])
    ready: bool = Field(description="Whether the service is ready for requests.", examples=[True])
    health: dict[str, str] = Field(
        description="For each part of the service, `ok` or what is wrong.",
        examples=[{"database": "ok", "loop": "ok", "bus": "ok"}],
    )
    published: Published | None = Field(description="Stream of the service; null while the bus does not answer.")
    reading: list[Reading] = Field(description="Consumers of the service.")
    dead_letters: int = Field(description="Number of dead letters.", examples=[1])
    parked: Annotated[int, Field(deprecated=True, description="The same as `dead_letters`.", examples=[1])]


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

    @router.get(
        "",
        operation_id=f"overview_of_{service}",
        summary=f"Get the status of the {service} service",
        responses=refusals(*needed),
    )
    async def overview(request: Request) -> Overview:
        """Returns health, stream, consumers, and the number of dead letters. Requires an operator."""
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
