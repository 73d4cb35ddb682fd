"""The route that tells auditors when stored credentials were used, by whom and for what."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field

from access.checks import MissingPermission, OrgPrincipal
from access.guard import Guard
from kit.errors import NotFound
from kit.http.openapi import refusals
from kit.http.pagination import Page, Paged
from platforms.application import Platforms
from platforms.vault import Use


class CredentialUse(BaseModel):
    """Stored credentials were opened. `actor` is a user's or client's id, null for what the service does by itself."""

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


def routes(store: Platforms, guard: Guard) -> APIRouter:
    """Reading takes audit:read, within the caller's limits, for clients as for members."""
    router = APIRouter(prefix="/api/v1/organizations/{org}/platforms/{platform}", tags=["platforms"])
    Auditor = Annotated[OrgPrincipal, Depends(guard.require_on_platform("audit:read"))]

    @router.get(
        "/credential-uses", operation_id="list_credential_uses", responses=refusals(NotFound, MissingPermission)
    )
    def list_credential_uses(acting: Auditor, platform: UUID, paging: Paged) -> Page[CredentialUse]:
        """Newest first, of the last 400 days; also when the platform was removed since."""
        rows = store.uses(acting.organization_id, platform, paging.number(), paging.limit)
        return paging.page(rows, CredentialUse.of, lambda use: [use.id])

    return router
