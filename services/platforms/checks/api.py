"""Routes of checks: run one now, with stored or offered credentials, and list earlier results."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from fastapi.responses import Response, StreamingResponse

from access.checks import MissingPermission, OrgPrincipal
from access.guard import Guard
from contracts.permissions import Permission
from kit.errors import Invalid, NotFound, TooManyRequests
from kit.http.openapi import refusals
from kit.http.pagination import Page, Paged
from platforms.checks.api_models import ApiCheck, CheckAnswer, CheckRequest, DbCheck, PastCheck, StepAnswer
from platforms.checks.checker import Checker
from platforms.checks.domain import Result, Step
from platforms.checks.service import Checks
from platforms.connections.addresses import Policy
from platforms.connectors import installed
from platforms.credentials.api import given
from platforms.credentials.service import CredentialService, Usable
from platforms.platforms.domain import ApiNotChosen, ConnectorMissing, NoCredentials
from platforms.platforms.service import Platforms

_STREAM = "text/event-stream"


def routes(
    platforms: Platforms,
    credentials: CredentialService,
    checks: Checks,
    checker: Checker,
    guard: Guard,
    policy: Policy,
) -> APIRouter:
    """Checking stored credentials requires platforms:read, checking offered ones credentials:write."""
    router = APIRouter(prefix="/api/v1/organizations/{org}/platforms/{platform}/checks", tags=["platforms"])
    Reader = Annotated[OrgPrincipal, Depends(guard.require_on_platform(Permission.PLATFORMS_READ))]

    def usable(acting: OrgPrincipal, platform: UUID, body: ApiCheck | DbCheck) -> Usable:
        org = acting.organization_id
        row = platforms.get(org, platform)
        if body.credentials is None:
            checks.count_request(org)
            return credentials.stored(org, platform, body.target, "check")
        guard.access.acting(acting.principal, org, Permission.CREDENTIALS_WRITE, platform=platform, fresh=True)
        connector = installed().get(body.target, row.kind, row.api)
        _, offered = given(policy, connector, body.credentials, body.target, "credentials")
        checks.count_request(org)
        return credentials.offered(org, platform, body.target, offered)

    @router.post(
        "",
        operation_id="check_platform",
        summary="Check a platform",
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
        body: CheckRequest,
        accept: Annotated[str, Header(include_in_schema=False)] = "*/*",
    ) -> Response | CheckAnswer:
        """Connects to the platform and signs in. A check that fails is answered with 200 as well. With `Accept:
        text/event-stream`, each step is sent as an event `step` when it ends, and the result as the event `result`. At
        most 10 checks per minute and organization. Requires platforms:read."""
        ready = await asyncio.to_thread(usable, acting, platform, body)
        wanted = acting.organization_id, platform, body.target, ready, "demand"
        if _STREAM in accept.lower():
            events = _events(checker.run(*wanted))
            return StreamingResponse(events, media_type=_STREAM, headers={"X-Accel-Buffering": "no"})
        return CheckAnswer.of(await checker.result(*wanted))

    @router.get(
        "",
        operation_id="list_checks",
        summary="List the checks of a platform",
        responses=refusals(NotFound, MissingPermission),
    )
    def list_checks(acting: Reader, platform: UUID, paging: Paged) -> Page[PastCheck]:
        """Returns the results of the last 90 days, newest first. Requires platforms:read."""
        rows = checks.results(acting.organization_id, platform, paging.after_key(datetime, UUID), paging.limit)
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
