"""Routes of trade platforms."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel

from access.checks import MissingPermission, OrgPrincipal
from access.guard import Guard
from kit.errors import Invalid, NotFound
from kit.http.fields import Body, Name
from kit.http.idempotency import Idempotency, Keyed, KeyReused, created
from kit.http.openapi import refusals
from kit.http.pagination import Page, Paged
from platforms.connections.schemas import Api, Kind
from platforms.credentials.api import ApiCredentialsAnswer, DbCredentialsAnswer, api_credentials, db_credentials
from platforms.platforms.domain import LimitedToPlatforms
from platforms.platforms.service import Platforms
from platforms.platforms.views import PlatformRow


class NewPlatform(Body):
    name: Name
    kind: Kind
    api: Api = "none"


class PlatformChange(Body):
    """Fields that are left out stay as they are."""

    name: Name = ""
    api: Api = "none"


class Status(BaseModel):
    """`state`: ok, degraded, lost, refused or unknown; `reason` is null when ok."""

    state: str
    reason: str | None
    since: AwareDatetime


class PlatformAnswer(BaseModel):
    id: UUID
    name: str
    kind: str
    api: str
    api_credentials: ApiCredentialsAnswer | None
    db_credentials: DbCredentialsAnswer | None
    status: Status
    created_at: AwareDatetime

    @classmethod
    def of(cls, row: PlatformRow) -> "PlatformAnswer":
        return cls(
            id=row.id,
            name=row.name,
            kind=row.kind,
            api=row.api,
            api_credentials=api_credentials(row),
            db_credentials=db_credentials(row),
            status=Status(state=row.state, reason=row.reason, since=row.since),
            created_at=row.created_at,
        )


def routes(platforms: Platforms, guard: Guard, idempotency: Idempotency) -> APIRouter:
    """Reading takes platforms:read, everything else platforms:write; limits narrow both."""
    router = APIRouter(prefix="/api/v1/organizations/{org}/platforms", tags=["platforms"])
    Reader = Annotated[OrgPrincipal, Depends(guard.require("platforms:read"))]
    Writer = Annotated[OrgPrincipal, Depends(guard.require("platforms:write"))]
    OneReader = Annotated[OrgPrincipal, Depends(guard.require_on_platform("platforms:read"))]
    OneWriter = Annotated[OrgPrincipal, Depends(guard.require_on_platform("platforms:write"))]

    def answer(acting: OrgPrincipal, platform: UUID) -> PlatformAnswer:
        return PlatformAnswer.of(platforms.get(acting.organization_id, platform))

    @router.get("", operation_id="list_platforms", responses=refusals(NotFound, MissingPermission))
    def list_platforms(acting: Reader, paging: Paged) -> Page[PlatformAnswer]:
        """List the platforms of an organization in the order in which they were added.

        Callers who are limited to named platforms see those only."""
        only = acting.grant.limits.platforms
        rows = platforms.list(acting.organization_id, only, paging.time_and_id(), paging.limit)
        return paging.page(rows, PlatformAnswer.of, lambda row: (row.created_at.isoformat(), str(row.id)))

    @router.post(
        "",
        operation_id="add_platform",
        status_code=201,
        response_model=PlatformAnswer,
        responses=refusals(NotFound, MissingPermission, LimitedToPlatforms, KeyReused, Invalid),
    )
    def add_platform(acting: Writer, body: NewPlatform, key: Keyed) -> JSONResponse:
        """Add a platform. Callers who are limited to named platforms cannot add one."""
        if acting.grant.limits.platforms is not None:
            raise LimitedToPlatforms
        org = acting.organization_id

        def work() -> JSONResponse:
            platform = platforms.add(org, body.name, body.kind, body.api)
            return created(answer(acting, platform), f"/api/v1/organizations/{org}/platforms/{platform}")

        return idempotency.once(key, acting.principal.id, work)

    @router.get("/{platform}", operation_id="get_platform", responses=refusals(NotFound, MissingPermission))
    def get_platform(acting: OneReader, platform: UUID) -> PlatformAnswer:
        """Get a platform with its credentials, without their secrets, and the state of its last check."""
        return answer(acting, platform)

    @router.patch(
        "/{platform}", operation_id="change_platform", responses=refusals(NotFound, MissingPermission, Invalid)
    )
    def change_platform(acting: OneWriter, platform: UUID, body: PlatformChange) -> PlatformAnswer:
        """Change the name or the API of a platform.

        Another API is checked at once with the stored credentials; those that its form does not fit are removed."""
        given = {field: getattr(body, field) for field in body.model_fields_set}
        platforms.change(acting.organization_id, platform, given)
        return answer(acting, platform)

    @router.delete(
        "/{platform}",
        operation_id="remove_platform",
        status_code=204,
        responses=refusals(NotFound, MissingPermission),
    )
    def remove_platform(acting: OneWriter, platform: UUID) -> None:
        """Remove a platform with its credentials and the history of its checks."""
        platforms.remove(acting.organization_id, platform)

    return router
