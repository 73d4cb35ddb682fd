"""Routes of an organization's members."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from starlette.responses import Response

from access.checks import MissingPermission, OrgPrincipal, UserRequired
from access.guard import Guard
from access.principal import Principal
from contracts.permissions import Permission
from kit.db.reads import Reads
from kit.errors import NotFound
from kit.http.openapi import refusals
from kit.http.pagination import Page, Paged, Paging, rendered
from organizations.members.api_models import MemberAnswer, MemberChange, member_answer
from organizations.members.service import Members
from organizations.members.views import members_seen_by
from organizations.organizations.domain import GrantExceedsOwn, LastAdministrator

User = Annotated[UUID | Literal["me"], Path(description="Id of the user, or `me` for the user of the access token.")]


ListMembers = Callable[[Principal, Paging, UUID], Awaitable[Response]]


def listing(reads: Reads, guard: Guard) -> ListMembers:
    """How the members of an organization are listed, whichever way the request was read."""

    async def list_members(principal: Principal, paging: Paging, org: UUID) -> Response:
        after = paging.after_key(datetime, UUID)
        _, rows = await guard.acting_on(
            principal, org, Permission.MEMBERS_READ, lambda: members_seen_by(reads, principal, org, after, paging.limit)
        )
        return rendered(paging.page(rows, member_answer, lambda row: (row.joined_at.isoformat(), str(row.user_id))))

    return list_members


def routes(members: Members, guard: Guard, listed: ListMembers) -> APIRouter:
    """Reading requires members:read, changing and removing members:write; every member may leave."""
    router = APIRouter(prefix="/api/v1/organizations/{org}/members", tags=["members"])
    Reader = Annotated[OrgPrincipal, Depends(guard.require(Permission.MEMBERS_READ))]
    Writer = Annotated[OrgPrincipal, Depends(guard.require(Permission.MEMBERS_WRITE, fresh=True))]
    Inside = Annotated[OrgPrincipal, Depends(guard.require(None, fresh=True))]

    @router.get(
        "",
        operation_id="list_members",
        summary="List the members of an organization",
        response_model=Page[MemberAnswer],
        responses=refusals(NotFound, MissingPermission),
    )
    async def list_members(acting: Reader, paging: Paged) -> Response:
        """Returns the members in the order in which they joined. Requires members:read."""
        return await listed(acting.principal, paging, acting.organization_id)

    @router.patch(
        "/{user}",
        operation_id="change_member",
        summary="Change the permissions of a member",
        responses=refusals(NotFound, MissingPermission, UserRequired, GrantExceedsOwn, LastAdministrator),
    )
    def change_member(acting: Writer, user: User, body: MemberChange) -> MemberAnswer:
        """Changes role, permissions or limits. The change applies to existing tokens too. You can only grant and
        withdraw permissions that you have. Requires members:write."""
        by = _user(acting)
        target = by if user == "me" else user
        given = {field: getattr(body, field) for field in body.model_fields_set}
        members.change(acting.organization_id, target, given, by)
        member = members.views.find(acting.organization_id, target)
        if member is None:
            raise NotFound
        return member_answer(member)

    @router.delete(
        "/{user}",
        operation_id="remove_member",
        summary="Remove a member from an organization",
        status_code=204,
        responses=refusals(NotFound, MissingPermission, UserRequired, GrantExceedsOwn, LastAdministrator),
    )
    def remove_member(acting: Inside, user: User) -> None:
        """Removes a member, whose access ends at once. Use `me` as the user to leave the organization. You cannot
        remove a member who has permissions that you lack. Requires members:write, except for leaving."""
        by = _user(acting)
        members.remove(acting.organization_id, by if user == "me" else user, by)

    return router


def _user(acting: OrgPrincipal) -> UUID:
    if acting.principal.user_id is None:
        raise UserRequired
    return acting.principal.user_id
