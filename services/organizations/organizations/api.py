"""Routes of organizations."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Protocol
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from access.checks import Access, MissingPermission, OrgPrincipal, UserRequired
from access.guard import Guard
from access.principal import Principal
from contracts.permissions import Grant, Permission
from kit.db.reads import Reads
from kit.errors import Conflict, NotFound
from kit.http.idempotency import Idempotency, Keyed, KeyReused, RequestKey, created
from kit.http.openapi import refusals
from kit.http.pagination import Page, Paged, Paging, rendered
from organizations.grants import effective, shown_grant
from organizations.organizations.api_models import (
    OrganizationAnswer,
    OrganizationChange,
    OrganizationCreation,
    organization_answer,
)
from organizations.organizations.domain import ADMINISTRATOR
from organizations.organizations.service import Organizations
from organizations.organizations.views import OrganizationRow, OwnOrganization, own_organizations

_PATH = "/api/v1/organizations"


Create = Callable[[Principal, OrganizationCreation, RequestKey], Awaitable[Response]]


class ListOrganizations(Protocol):
    """With `deleted`, those that the caller can restore."""

    async def __call__(self, principal: Principal, paging: Paging, *, deleted: bool = False) -> Response: ...


def creating(organizations: Organizations, idempotency: Idempotency) -> Create:
    """How an organization is created, whichever way the request was read."""

    async def create(principal: Principal, body: OrganizationCreation, key: RequestKey) -> Response:
        def work() -> JSONResponse:
            assert principal.user_id is not None
            made = organizations.create(body.name, principal.user_id)
            row = OrganizationRow(made.id, made.name, made.created_on, None)
            shown = organization_answer(row, ADMINISTRATOR.role, effective(ADMINISTRATOR))
            return created(shown, f"{_PATH}/{made.id}")

        return await run_in_threadpool(idempotency.once, key, principal.id, work)

    return create


def listing(organizations: Organizations, reads: Reads, access: Access) -> ListOrganizations:
    """How the organizations of a user or a client are listed, whichever way the request was read."""

    def of_client(principal: Principal) -> list[OrganizationAnswer]:
        access.alive(principal)
        assert principal.organization_id is not None
        try:
            acting = access.acting(principal, principal.organization_id, None)
            return [_answer(organizations, acting.organization_id, acting.grant, client=True)]
        except NotFound:
            return []

    def with_the_first(principal: Principal) -> None:
        access.alive(principal)
        assert principal.user_id is not None
        organizations.create_first(principal.user_id)

    async def list_organizations(principal: Principal, paging: Paging, *, deleted: bool = False) -> Response:
        after, deleted_at = paging.after_key(datetime, UUID), organizations.clock() if deleted else None
        if principal.user_id is None:
            own = await run_in_threadpool(of_client, principal)
            return rendered(Page(items=[] if deleted else own))
        has_first, rows = await own_organizations(reads, principal, after, paging.limit, deleted_at)
        if not has_first:
            await run_in_threadpool(with_the_first, principal)
            _, rows = await own_organizations(reads, principal, after, paging.limit, deleted_at)
        return rendered(
            paging.page(
                rows,
                _own_answer,
                lambda row: (row.joined_at.isoformat(), str(row.id)),
            )
        )

    return list_organizations


def routes(organizations: Organizations, guard: Guard, create: Create, listed: ListOrganizations) -> APIRouter:
    """Renaming and deleting require organization:write; only administrators restore."""
    router = APIRouter(prefix=_PATH, tags=["organizations"])
    Anyone = Annotated[Principal, Depends(guard.anyone)]
    User = Annotated[Principal, Depends(guard.user)]
    Inside = Annotated[OrgPrincipal, Depends(guard.require(None))]
    Writer = Annotated[OrgPrincipal, Depends(guard.require(Permission.ORGANIZATION_WRITE))]

    @router.get(
        "",
        operation_id="list_organizations",
        summary="List organizations",
        response_model=Page[OrganizationAnswer],
    )
    async def list_organizations(
        principal: Anyone,
        paging: Paged,
        deleted: Annotated[bool, Query(description="List deleted organizations that the caller can restore.")] = False,
    ) -> Response:
        """Returns the organizations that the user is a member of, in the order in which they joined. A client sees its
        own organization."""
        return await listed(principal, paging, deleted=deleted)

    @router.post(
        "",
        operation_id="create_organization",
        summary="Create an organization",
        status_code=201,
        response_model=OrganizationAnswer,
        responses=refusals(UserRequired, KeyReused),
    )
    async def create_organization(principal: User, body: OrganizationCreation, key: Keyed) -> Response:
        """Creates an organization with the user as its administrator. Clients cannot create organizations."""
        return await create(principal, body, key)

    @router.get("/{org}", operation_id="get_organization", summary="Get an organization", responses=refusals(NotFound))
    def get_organization(acting: Inside) -> OrganizationAnswer:
        """Returns the organization, and the role and permissions of the caller in it."""
        client = acting.principal.client_id is not None
        return _answer(organizations, acting.organization_id, acting.grant, client=client)

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
        return _answer(organizations, acting.organization_id, acting.grant)

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
        return _answer(organizations, org, ADMINISTRATOR)

    return router


def _own_answer(row: OwnOrganization) -> OrganizationAnswer:
    shown = shown_grant(row.granted)
    return organization_answer(row, shown["role"], shown["permissions"])


def _answer(
    organizations: Organizations, organization_id: UUID, grant: Grant, *, client: bool = False
) -> OrganizationAnswer:
    row = organizations.views.find(organization_id)
    if row is None:
        raise NotFound
    return organization_answer(row, grant.role, list(grant.permissions) if client else effective(grant))
