"""Routes of trade platforms."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse

from access.checks import MissingPermission, OrgPrincipal
from access.guard import Guard
from contracts.permissions import Permission
from kit.errors import Invalid, NotFound
from kit.http.idempotency import Idempotency, Keyed, KeyReused, created
from kit.http.openapi import refusals
from kit.http.pagination import EARLIEST, Page, Paged
from platforms.platforms.api_models import PlatformAnswer, PlatformChange, PlatformCreation
from platforms.platforms.domain import LimitedToPlatforms
from platforms.platforms.service import Platforms


def routes(platforms: Platforms, guard: Guard, idempotency: Idempotency) -> APIRouter:
    """Reading requires platforms:read, everything else platforms:write. Limits apply to both."""
    router = APIRouter(prefix="/api/v1/organizations/{org}/platforms", tags=["platforms"])
    Reader = Annotated[OrgPrincipal, Depends(guard.require(Permission.PLATFORMS_READ))]
    Writer = Annotated[OrgPrincipal, Depends(guard.require(Permission.PLATFORMS_WRITE))]
    OneReader = Annotated[OrgPrincipal, Depends(guard.require_on_platform(Permission.PLATFORMS_READ))]
    OneWriter = Annotated[OrgPrincipal, Depends(guard.require_on_platform(Permission.PLATFORMS_WRITE))]

    def answer(acting: OrgPrincipal, platform: UUID) -> PlatformAnswer:
        return PlatformAnswer.of(platforms.get(acting.organization_id, platform))

    @router.get(
        "",
        operation_id="list_platforms",
        summary="List the platforms of an organization",
        responses=refusals(NotFound, MissingPermission),
    )
    def list_platforms(acting: Reader, paging: Paged) -> Page[PlatformAnswer]:
        """Returns the platforms in the order in which they were added. Callers with limits see only the platforms that
        their limits name. Requires platforms:read."""
        only = acting.grant.limits.platforms
        after = paging.after_key(datetime, UUID) or EARLIEST
        rows = platforms.list(acting.organization_id, only, after, paging.limit)
        return paging.page(rows, PlatformAnswer.of, lambda row: (row.created_at.isoformat(), str(row.id)))

    @router.post(
        "",
        operation_id="add_platform",
        summary="Add a platform",
        status_code=201,
        response_model=PlatformAnswer,
        responses=refusals(NotFound, MissingPermission, LimitedToPlatforms, KeyReused, Invalid),
    )
    def add_platform(acting: Writer, body: PlatformCreation, key: Keyed) -> JSONResponse:
        """Adds a platform, without credentials. Callers with limits cannot add platforms. Requires platforms:write."""
        if acting.grant.limits.platforms is not None:
            raise LimitedToPlatforms
        org = acting.organization_id

        def work() -> JSONResponse:
            platform = platforms.add(org, body.name, body.kind, body.api)
            return created(answer(acting, platform), f"/api/v1/organizations/{org}/platforms/{platform}")

        return idempotency.once(key, acting.principal.id, work)

    @router.get(
        "/{platform}",
        operation_id="get_platform",
        summary="Get a platform",
        responses=refusals(NotFound, MissingPermission),
    )
    def get_platform(acting: OneReader, platform: UUID) -> PlatformAnswer:
        """Returns the platform, its credentials without their passwords, and the status of its last checks. Requires
        platforms:read."""
        return answer(acting, platform)

    @router.patch(
        "/{platform}",
        operation_id="change_platform",
        summary="Change a platform",
        responses=refusals(NotFound, MissingPermission, Invalid),
    )
    def change_platform(acting: OneWriter, platform: UUID, body: PlatformChange) -> PlatformAnswer:
        """Changes name or API. After a change of the API, the stored API credentials are checked at once. Requires
        platforms:write."""
        given = {field: getattr(body, field) for field in body.model_fields_set}
        platforms.change(acting.organization_id, platform, given)
        return answer(acting, platform)

    @router.delete(
        "/{platform}",
        operation_id="remove_platform",
        summary="Remove a platform",
        status_code=204,
        responses=refusals(NotFound, MissingPermission),
    )
    def remove_platform(acting: OneWriter, platform: UUID) -> None:
        """Removes the platform, its credentials and the results of its checks. Requires platforms:write."""
        platforms.remove(acting.organization_id, platform)

    return router
