"""Routes of credentials, and of their uses."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Depends
from pydantic import AwareDatetime, BaseModel, Field

from access.checks import MissingPermission, OrgPrincipal
from access.guard import Guard
from kit.errors import Invalid, NotFound
from kit.http.openapi import refusals
from kit.http.pagination import Page, Paged
from platforms.connections.addresses import Policy
from platforms.connections.connector import Connector
from platforms.connections.credentials import Credentials
from platforms.connections.schemas import ApiForm, ApiLogin, DbForm, parsed
from platforms.connectors import installed
from platforms.credentials.service import CredentialService
from platforms.credentials.vault import Use
from platforms.platforms.domain import ApiNotChosen, Target
from platforms.platforms.service import Platforms
from platforms.platforms.views import PlatformRow


class ApiCredentialsAnswer(BaseModel):
    """What is known of the stored credentials. `fingerprint` tells versions apart, not passwords."""

    host: str
    port: int
    login: ApiLogin
    tls: str
    version: int
    fingerprint: str
    set_at: AwareDatetime
    set_by: str | None


class DbCredentialsAnswer(BaseModel):
    host: str
    port: int
    database: str
    user: str
    tls: str
    version: int
    fingerprint: str
    set_at: AwareDatetime
    set_by: str | None


class CredentialUse(BaseModel):
    """Stored credentials were decrypted. `actor` is a user's or client's id, null for the service itself."""

    id: int
    used_at: AwareDatetime
    target: str
    version: int = Field(description="of the credentials, as in the platform's answer")
    purpose: str = Field(description="check, scheduled-check, read, keep-hash-only, or a word that is new to you")
    actor: str | None
    request_id: str | None

    @classmethod
    def of(cls, use: Use) -> "CredentialUse":
        return cls(**vars(use))


def api_credentials(row: PlatformRow) -> ApiCredentialsAnswer | None:
    """What is known of a platform's API credentials."""
    known = row.api_credentials
    if known is None:
        return None
    connector = installed().api(row.api)
    login = known["login"] if connector is None else connector.form.login_type(known["login"])
    return ApiCredentialsAnswer.model_validate(known | {"login": login})


def db_credentials(row: PlatformRow) -> DbCredentialsAnswer | None:
    """What is known of a platform's database credentials."""
    known = row.db_credentials
    return None if known is None else DbCredentialsAnswer.model_validate(known | {"user": known["login"]})


def given(policy: Policy, connector: Connector, body: Any, *place: str) -> Credentials:
    """Credentials in a request. Raises Invalid, also for an address that may not be dialled; names are judged when
    they are resolved."""
    credentials = parsed(connector.form, body, *place).credentials(connector)
    try:
        policy.must_allow(credentials.host)
    except ValueError as error:
        raise Invalid("host", str(error)) from error
    return credentials


def routes(platforms: Platforms, credentials: CredentialService, guard: Guard, policy: Policy) -> APIRouter:
    """Changes take credentials:write, and are refused while revoked permissions might not be known here."""
    router = APIRouter(prefix="/api/v1/organizations/{org}/platforms/{platform}", tags=["platforms"])
    Keeper = Annotated[OrgPrincipal, Depends(guard.require_on_platform("credentials:write", fresh=True))]
    Auditor = Annotated[OrgPrincipal, Depends(guard.require_on_platform("audit:read"))]

    def put(acting: OrgPrincipal, platform: UUID, target: Target, body: Any) -> PlatformRow:
        org = acting.organization_id
        row = platforms.get(org, platform)
        connector = installed().get(target, row.kind, row.api)
        credentials.set(org, platform, target, given(policy, connector, body))
        return platforms.get(org, platform)

    @router.put(
        "/api-credentials",
        operation_id="set_api_credentials",
        responses=refusals(NotFound, MissingPermission, ApiNotChosen, Invalid),
    )
    def set_api_credentials(acting: Keeper, platform: UUID, body: Annotated[ApiForm, Body()]) -> ApiCredentialsAnswer:
        """A new version; the one before is kept, older ones are destroyed. A check follows at once."""
        answer = api_credentials(put(acting, platform, "api", body))
        if answer is None:
            raise NotFound
        return answer

    @router.put(
        "/db-credentials",
        operation_id="set_db_credentials",
        responses=refusals(NotFound, MissingPermission, Invalid),
    )
    def set_db_credentials(acting: Keeper, platform: UUID, body: Annotated[DbForm, Body()]) -> DbCredentialsAnswer:
        """A new version; the one before is kept, older ones are destroyed. A check follows at once."""
        answer = db_credentials(put(acting, platform, "db", body))
        if answer is None:
            raise NotFound
        return answer

    @router.delete(
        "/api-credentials",
        operation_id="remove_api_credentials",
        status_code=204,
        responses=refusals(NotFound, MissingPermission),
    )
    def remove_api_credentials(acting: Keeper, platform: UUID) -> None:
        """All versions are destroyed."""
        credentials.remove(acting.organization_id, platform, "api")

    @router.delete(
        "/db-credentials",
        operation_id="remove_db_credentials",
        status_code=204,
        responses=refusals(NotFound, MissingPermission),
    )
    def remove_db_credentials(acting: Keeper, platform: UUID) -> None:
        """All versions are destroyed."""
        credentials.remove(acting.organization_id, platform, "db")

    @router.get(
        "/credential-uses", operation_id="list_credential_uses", responses=refusals(NotFound, MissingPermission)
    )
    def list_credential_uses(acting: Auditor, platform: UUID, paging: Paged) -> Page[CredentialUse]:
        """Newest first, of the last 400 days; also of a platform that was removed since."""
        rows = credentials.uses(acting.organization_id, platform, paging.number(), paging.limit)
        return paging.page(rows, CredentialUse.of, lambda use: [use.id])

    return router
