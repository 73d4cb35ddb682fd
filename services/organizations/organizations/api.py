"""Routes of organizations."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel

from access.checks import Access, MissingPermission, OrgPrincipal, PersonNeeded
from access.guard import Guard
from access.principal import Principal
from contracts.permissions import Grant, Role
from kit.errors import Conflict, NotFound
from kit.http.fields import Body, Name
from kit.http.idempotency import Idempotency, Keyed, KeyReused, RequestKey, created
from kit.http.openapi import refusals
from kit.http.pagination import Page, Paged
from organizations.grants import effective
from organizations.organizations.domain import ADMINISTRATOR
from organizations.organizations.service import Organizations
from organizations.paging import place

_PATH = "/api/v1/organizations"


class NewOrganization(Body):
    name: Name


class OrganizationChange(Body):
    """What is left out stays."""

    name: Name = ""


class OrganizationAnswer(BaseModel):
    """`role` and `permissions` are the caller's own there; a client has no role, and its scopes as permissions."""

    id: UUID
    name: str
    role: str | None
    permissions: list[str]
    created_at: AwareDatetime


Create = Callable[[Principal, NewOrganization, RequestKey], JSONResponse]


def creating(organizations: Organizations, idempotency: Idempotency) -> Create:
    """What the route and its direct endpoint do."""

    def create(principal: Principal, body: NewOrganization, key: RequestKey) -> JSONResponse:
        def work() -> JSONResponse:
            assert principal.user_id is not None
            made = organizations.create(body.name, principal.user_id)
            shown = _answer(made.id, made.name, Role.ADMINISTRATOR, effective(ADMINISTRATOR), made.created_on)
            return created(shown, f"{_PATH}/{made.id}")

        return idempotency.once(key, principal.id, work)

    return create


def routes(organizations: Organizations, guard: Guard, access: Access, create: Create) -> APIRouter:
    """Renaming and deleting take organization:write; restoring is for its administrators."""
    router = APIRouter(prefix=_PATH, tags=["organizations"])
    Anyone = Annotated[Principal, Depends(guard.anyone)]
    User = Annotated[Principal, Depends(guard.person)]
    Inside = Annotated[OrgPrincipal, Depends(guard.require(None))]
    Writer = Annotated[OrgPrincipal, Depends(guard.require("organization:write"))]

    def answer(organization_id: UUID, grant: Grant, *, client: bool = False) -> OrganizationAnswer:
        row = organizations.views.find(organization_id)
        if row is None:
            raise NotFound
        permissions = list(grant.permissions) if client else effective(grant)
        return _answer(row.id, row.name, grant.role, permissions, row.created_at)

    def of_client(principal: Principal) -> list[OrganizationAnswer]:
        assert principal.organization_id is not None
        try:
            acting = access.acting(principal, principal.organization_id, None)
            return [answer(acting.organization_id, acting.grant, client=True)]
        except NotFound:
            return []

    @router.get("", operation_id="list_organizations")
    def list_organizations(
        principal: Anyone,
        paging: Paged,
        deleted: Annotated[bool, Query(description="those that the caller may still restore")] = False,
    ) -> Page[OrganizationAnswer]:
        """Those that the caller is in, in the order in which they joined; a client sees its own."""
        after = place(paging)
        if principal.user_id is None:
            return Page(items=[] if deleted else of_client(principal))
        organizations.create_first(principal.user_id)
        rows = organizations.views.of_user(
            principal.user_id, after, paging.limit, organizations.clock() if deleted else None
        )
        return paging.page(
            rows,
            lambda row: _answer(row.id, row.name, row.grant.role, effective(row.grant), row.created_at),
            lambda row: (row.joined_at.isoformat(), str(row.id)),
        )

    @router.post(
        "",
        operation_id="create_organization",
        status_code=201,
        response_model=OrganizationAnswer,
        responses=refusals(PersonNeeded, KeyReused),
    )
    def create_organization(principal: User, body: NewOrganization, key: Keyed) -> JSONResponse:
        """The caller becomes its administrator."""
        return create(principal, body, key)

    @router.get("/{org}", operation_id="get_organization", responses=refusals(NotFound))
    def get_organization(acting: Inside) -> OrganizationAnswer:
        """Its name, and what the caller may do there."""
        return answer(acting.organization_id, acting.grant, client=acting.principal.client_id is not None)

    @router.patch("/{org}", operation_id="change_organization", responses=refusals(NotFound, MissingPermission))
    def change_organization(acting: Writer, body: OrganizationChange) -> OrganizationAnswer:
        """Renames it."""
        if "name" in body.model_fields_set:
            organizations.rename(acting.organization_id, body.name)
        return answer(acting.organization_id, acting.grant)

    @router.delete(
        "/{org}",
        operation_id="delete_organization",
        status_code=204,
        responses=refusals(NotFound, MissingPermission),
    )
    def delete_organization(acting: Writer) -> None:
        """It is gone for all at once, and can be restored within 30 days; then its keys are destroyed."""
        organizations.delete(acting.organization_id)

    @router.post(
        "/{org}/restore", operation_id="restore_organization", responses=refusals(NotFound, PersonNeeded, Conflict)
    )
    def restore_organization(principal: User, org: UUID) -> OrganizationAnswer:
        """By one of its administrators, within 30 days."""
        assert principal.user_id is not None
        organizations.restore(org, principal.user_id)
        return answer(org, ADMINISTRATOR)

    return router


def _answer(
    identifier: UUID, name: str, role: str | None, permissions: list[str], created_at: datetime
) -> OrganizationAnswer:
    return OrganizationAnswer(id=identifier, name=name, role=role, permissions=permissions, created_at=created_at)
