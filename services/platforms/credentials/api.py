"""Routes of credentials, and of their uses."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Depends

from access.checks import MissingPermission, OrgPrincipal
from access.guard import Guard
from contracts.permissions import Permission
from kit.errors import Invalid, NotFound
from kit.http.openapi import refusals
from kit.http.pagination import HIGHEST, Page, Paged
from platforms.connections.addresses import Policy
from platforms.connections.connector import Connector, CredentialForm
from platforms.connections.credentials import Credentials
from platforms.connections.schemas import ApiForm, DbForm, parsed
from platforms.connectors import installed
from platforms.credentials.api_models import (
    ApiCredentialsAnswer,
    CredentialUse,
    DbCredentialsAnswer,
    api_credentials,
    db_credentials,
    options_of,
)
from platforms.credentials.service import CredentialService
from platforms.platforms.domain import ApiNotChosen, Target
from platforms.platforms.service import Platforms
from platforms.platforms.views import PlatformRow


def given(policy: Policy, connector: Connector, body: Any, *place: str) -> tuple[CredentialForm, Credentials]:
    """The form in a request, and its credentials.

    Raises Invalid, also for an address that is not allowed; a name is judged when it is resolved.
    """
    form = parsed(connector.form, body, *place)
    credentials = form.credentials(connector)
    try:
        policy.must_allow(credentials.host)
    except ValueError as error:
        raise Invalid("host", str(error)) from error
    return form, credentials


def routes(platforms: Platforms, credentials: CredentialService, guard: Guard, policy: Policy) -> APIRouter:
    """Changes require credentials:write. They are refused while a revocation might not have arrived here."""
    router = APIRouter(prefix="/api/v1/organizations/{org}/platforms/{platform}", tags=["platforms"])
    Keeper = Annotated[OrgPrincipal, Depends(guard.require_on_platform(Permission.CREDENTIALS_WRITE, fresh=True))]
    Auditor = Annotated[OrgPrincipal, Depends(guard.require_on_platform(Permission.AUDIT_READ))]

    def put(acting: OrgPrincipal, platform: UUID, target: Target, body: Any) -> PlatformRow:
        org = acting.organization_id
        row = platforms.get(org, platform)
        connector = installed().get(target, row.kind, row.api)
        form, filled = given(policy, connector, body)
        credentials.set(org, platform, target, filled, options_of(form, target))
        return platforms.get(org, platform)

    @router.put(
        "/api-credentials",
        operation_id="set_api_credentials",
        summary="Set the API credentials of a platform",
        responses=refusals(NotFound, MissingPermission, ApiNotChosen, Invalid),
    )
    def set_api_credentials(acting: Keeper, platform: UUID, body: Annotated[ApiForm, Body()]) -> ApiCredentialsAnswer:
        """Stores a new version and checks it at once. The previous version is kept, older ones are destroyed. The
        password cannot be read again. The fields depend on the platform's connector, see `GET
        /api/v1/platform-connectors`. Requires credentials:write."""
        answer = api_credentials(put(acting, platform, "api", body))
        if answer is None:
            raise NotFound
        return answer

    @router.put(
        "/db-credentials",
        operation_id="set_db_credentials",
        summary="Set the report database credentials of a platform",
        responses=refusals(NotFound, MissingPermission, Invalid),
    )
    def set_db_credentials(acting: Keeper, platform: UUID, body: Annotated[DbForm, Body()]) -> DbCredentialsAnswer:
        """Stores a new version and checks it at once. The previous version is kept, older ones are destroyed. The
        password cannot be read again. The fields depend on the platform's connector, see `GET
        /api/v1/platform-connectors`. Requires credentials:write."""
        answer = db_credentials(put(acting, platform, "db", body))
        if answer is None:
            raise NotFound
        return answer

    @router.delete(
        "/api-credentials",
        operation_id="remove_api_credentials",
        summary="Remove the API credentials of a platform",
        status_code=204,
        responses=refusals(NotFound, MissingPermission),
    )
    def remove_api_credentials(acting: Keeper, platform: UUID) -> None:
        """Destroys all versions of the credentials. Requires credentials:write."""
        credentials.remove(acting.organization_id, platform, "api")

    @router.delete(
        "/db-credentials",
        operation_id="remove_db_credentials",
        summary="Remove the report database credentials of a platform",
        status_code=204,
        responses=refusals(NotFound, MissingPermission),
    )
    def remove_db_credentials(acting: Keeper, platform: UUID) -> None:
        """Destroys all versions of the credentials. Requires credentials:write."""
        credentials.remove(acting.organization_id, platform, "db")

    @router.get(
        "/credential-uses",
        operation_id="list_credential_uses",
        summary="List the uses of a platform's credentials",
        responses=refusals(NotFound, MissingPermission),
    )
    def list_credential_uses(acting: Auditor, platform: UUID, paging: Paged) -> Page[CredentialUse]:
        """Returns the uses of the last 400 days, newest first, also for a platform that was removed. Requires
        audit:read."""
        (below,) = paging.after_key(int) or (HIGHEST,)
        rows = credentials.uses(acting.organization_id, platform, below, paging.limit)
        return paging.page(rows, CredentialUse.of, lambda use: [use.id])

    return router
