"""Routes of checks: run one now, with stored or offered credentials, and list earlier ones."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from fastapi.responses import Response, StreamingResponse
from pydantic import AwareDatetime, BaseModel, Field

from access.checks import MissingPermission, OrgPrincipal
from access.guard import Guard
from kit.errors import Invalid, NotFound, TooManyRequests
from kit.http.fields import Body
from kit.http.openapi import refusals
from kit.http.pagination import Page, Paged, Paging
from platforms.checks.checker import Checker
from platforms.checks.domain import Result, Step
from platforms.checks.history import ResultRow
from platforms.checks.service import Checks
from platforms.connections.addresses import Policy
from platforms.connections.schemas import ApiForm, DbForm
from platforms.connectors import installed
from platforms.credentials.api import given
from platforms.credentials.service import CredentialService, Usable
from platforms.platforms.domain import ApiNotChosen, ConnectorMissing, NoCredentials
from platforms.platforms.service import Platforms

_STREAM = "text/event-stream"


class ApiCheck(Body):
    """`credentials` are tried instead of the stored ones, and not kept."""

    target: Literal["api"]
    credentials: ApiForm | None = None


class DbCheck(Body):
    """`credentials` are tried instead of the stored ones, and not kept."""

    target: Literal["db"]
    credentials: DbForm | None = None


NewCheck = Annotated[ApiCheck | DbCheck, Field(discriminator="target")]


class StepAnswer(BaseModel):
    """`outcome`: ok, a warning, or in the last step the reason why the check failed. `detail` says what to do."""

    name: str
    outcome: str
    duration_ms: int
    detail: str

    @classmethod
    def of(cls, step: Step) -> "StepAnswer":
        return cls(name=step.name, outcome=step.outcome, duration_ms=step.duration_ms, detail=step.detail)


class CheckAnswer(BaseModel):
    """`outcome`: ok, degraded (works, with a warning), or the reason of the failure."""

    target: str
    outcome: str
    steps: list[StepAnswer]
    checked_at: AwareDatetime

    @classmethod
    def of(cls, result: Result) -> "CheckAnswer":
        steps = [StepAnswer.of(step) for step in result.steps]
        return cls(target=result.target, outcome=result.outcome, steps=steps, checked_at=result.checked_at)


class PastCheck(CheckAnswer):
    """`credentials`: stored (of `version`) or offered; `occasion`: demand or schedule; `actor`: the
    id of the user or client who asked."""

    id: UUID
    credentials: str
    version: int | None
    occasion: str
    actor: str | None

    @classmethod
    def of_row(cls, row: ResultRow) -> "PastCheck":
        return cls(
            target=row.target,
            outcome=row.outcome,
            steps=[StepAnswer.model_validate(step) for step in row.steps],
            checked_at=row.checked_at,
            id=row.id,
            credentials="offered" if row.version is None else "stored",
            version=row.version,
            occasion=row.occasion,
            actor=row.actor,
        )


def routes(
    platforms: Platforms,
    credentials: CredentialService,
    checks: Checks,
    checker: Checker,
    guard: Guard,
    policy: Policy,
) -> APIRouter:
    """Checking stored credentials takes platforms:read, checking offered ones credentials:write."""
    router = APIRouter(prefix="/api/v1/organizations/{org}/platforms/{platform}/checks", tags=["platforms"])
    Reader = Annotated[OrgPrincipal, Depends(guard.require_on_platform("platforms:read"))]

    def usable(acting: OrgPrincipal, platform: UUID, body: ApiCheck | DbCheck) -> Usable:
        org = acting.organization_id
        row = platforms.get(org, platform)
        if body.credentials is None:
            checks.count_request(org)
            return credentials.stored(org, platform, body.target, "check")
        guard.access.acting(acting.principal, org, "credentials:write", platform=platform, fresh=True)
        connector = installed().get(body.target, row.kind, row.api)
        offered = given(policy, connector, body.credentials, body.target, "credentials")
        checks.count_request(org)
        return credentials.offered(org, platform, body.target, offered)

    @router.post(
        "",
        operation_id="check_platform",
        response_model=CheckAnswer,
        responses={
            200: {"content": {_STREAM: {}}},
            **refusals(
                NotFound, MissingPermission, ApiNotChosen, ConnectorMissing, NoCredentials, Invalid, TooManyRequests
            ),
        },
    )
    async def check_platform(
        acting: Reader,
        platform: UUID,
        body: NewCheck,
        accept: Annotated[str, Header(include_in_schema=False)] = "*/*",
    ) -> Response | CheckAnswer:
        """Check a target of a platform with the stored credentials, or with others that are not kept.

        A failed check answers 200 as well: it is a result. With `Accept: text/event-stream` each step is sent as an
        event `step` when it ends, and the whole as the event `result`."""
        ready = await asyncio.to_thread(usable, acting, platform, body)
        wanted = acting.organization_id, platform, body.target, ready, "demand"
        if _STREAM in accept.lower():
            events = _events(checker.run(*wanted))
            return StreamingResponse(events, media_type=_STREAM, headers={"X-Accel-Buffering": "no"})
        return CheckAnswer.of(await checker.result(*wanted))

    @router.get("", operation_id="list_checks", responses=refusals(NotFound, MissingPermission))
    def list_checks(acting: Reader, platform: UUID, paging: Paged) -> Page[PastCheck]:
        """List the checks of a platform in the last 90 days, newest first."""
        rows = checks.results(acting.organization_id, platform, _place(paging), paging.limit)
        return paging.page(rows, PastCheck.of_row, lambda row: (row.checked_at.isoformat(), str(row.id)))

    return router


async def _events(running: AsyncIterator[Step | Result]) -> AsyncIterator[str]:
    async for one in running:
        if isinstance(one, Step):
            yield _event("step", StepAnswer.of(one).model_dump(mode="json"))
        else:
            yield _event("result", CheckAnswer.of(one).model_dump(mode="json"))


def _event(kind: str, data: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n"


def _place(paging: Paging) -> tuple[datetime, UUID] | None:
    if paging.after is None:
        return None
    time, last = paging.time_and_id()
    assert isinstance(time, datetime)
    return time, last
