"""Routes of organizations."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse

from access.checks import Access, MissingPermission, OrgPrincipal, UserRequired
from access.guard import Guard
from access.principal import Principal
from contracts.permissions import Grant, Role
from kit.errors import Conflict, NotFound
from kit.http.idempotency import Idempotency, Keyed, KeyReused, RequestKey, created
from kit.http.openapi import refusals
from kit.http.pagination import Page, Paged
from organizations.grants import effective
from organizations.organizations.api_models import OrganizationAnswer, OrganizationChange, OrganizationCreation
from organizations.organizations.domain import ADMINISTRATOR
from organizations.organizations.service import Organizations

_PATH = "/api/v1/organizations"


Create = Callable[[Principal, OrganizationCreation, RequestKey], JSONResponse]


def creating(organizations: Organizations, idempotency: Idempotency) -> Create:
    """What the route and its direct endpoint do."""

    def create(principal: Principal, body: OrganizationCreation, key: RequestKey) -> JSONResponse:
        def work() -> JSONResponse:
            assert principal.user_id is not None
            made = organizations.create(body.name, principal.user_id)
            shown = _answer(made.id, made.name, Role.ADMINISTRATOR, effective(ADMINISTRATOR), made.created_on)
            return created(shown, f"{_PATH}/{made.id}")

        return idempotency.once(key, principal.id, work)

    return create


def routes(organizations: Organizations, guard: Guard, access: Access, create: Create) -> APIRouter:
    """Renaming and deleting require organization:write; only administrators restore."""
    router = APIRouter(prefix=_PATH, tags=["organizations"])
    Anyone = Annotated[Principal, Depends(guard.anyone)]
    User = Annotated[Principal, Depends(guard.user)]
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

    @router.get("", operation_id="list_organizations", summary="List organizations")
    def list_organizations(
        principal: Anyone,
        paging: Paged,
        deleted: Annotated[bool, Query(description="List deleted organizations that the caller can restore.")] = False,
    ) -> Page[OrganizationAnswer]:
        """Returns the organizations that the user is a member of, in the order in which they joined. A client sees its
        own organization."""
        after = paging.after_key(datetime, UUID)
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
        summary="Create an organization",
        status_code=201,
        response_model=OrganizationAnswer,
        responses=refusals(UserRequired, KeyReused),
    )
    def create_organization(principal: User, body: OrganizationCreation, key: Keyed) -> JSONResponse:
        """Creates an organization with the user as its administrator. Clients cannot create organizations."""
        return create(principal, body, key)

    @router.get("/{org}", operation_id="get_organization", summary="Get an organization", responses=refusals(NotFound))
    def get_organization(acting: Inside) -> OrganizationAnswer:
        """Returns the organization, and the role and permissions of the caller in it."""
        return answer(acting.organization_id, acting.grant, client=acting.principal.client_id is not None)

    @router.patch(
        "/{org}",
        operation_id="change_organization",
        summary="Rename an organization",
        responses=refusals(NotFound, MissingPermission),
    )
    def change_organization(acting: Writer, body: OrganizationChange) -> OrganizationAnswer:
        """Changes the name of the organization. Requires organization:write."""
        if "name" in body.model_fields_set:
            organizations.rename(acting.organization_id, body.name)
        return answer(acting.organization_id, acting.grant)

    @router.delete(
        "/{org}",
        operation_id="delete_organization",
        summary="Delete an organization",
        status_code=204,
        responses=refusals(NotFound, MissingPermission),
    )
    def delete_organization(acting: Writer) -> None:
        """Deletes the organization for all members at once. It can be restored within 30 days; after that its
        encryption keys are destroyed. Requires organization:write."""
        organizations.delete(acting.organization_id)

    @router.post(
        "/{org}/restore",
        operation_id="restore_organization",
        summary="Restore a deleted organization",
        responses=refusals(NotFound, UserRequired, Conflict),
    )
    def restore_organization(principal: User, org: UUID) -> OrganizationAnswer:
        """Restores the organization within 30 days of its deletion. Requires an administrator of the organization."""
        assert principal.user_id is not None
        organizations.restore(org, principal.user_id)
        return answer(org, ADMINISTRATOR)

    return router


def _answer(
    identifier: UUID, name: str, role: str | None, permissions: list[str], created_at: datetime
) -> OrganizationAnswer:
    return OrganizationAnswer(id=identifier, name=name, role=role, permissions=permissions, created_at=created_at)
