"""Routes of an organization's members."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel

from access.checks import MissingPermission, OrgPrincipal, PersonNeeded
from access.guard import Guard
from contracts.permissions import Limits
from kit.errors import NotFound
from kit.http.fields import Body
from kit.http.openapi import refusals
from kit.http.pagination import Page, Paged
from organizations.grants import GivenLimits, GivenPermissions, GivenRole, granted
from organizations.members.service import Members
from organizations.members.views import Member
from organizations.organizations.domain import GrantExceedsOwn, LastAdministrator
from organizations.paging import place

User = UUID | Literal["me"]


class MemberChange(Body):
    """What is left out stays. `permissions` are additions to the role's own."""

    role: GivenRole = None
    permissions: GivenPermissions = ()
    limits: GivenLimits = Limits()


class MemberAnswer(BaseModel):
    """`email` and `name` are null while they are not known yet, and once the person is erased.
    `permissions` is the effective set."""

    user_id: UUID
    email: str | None
    name: str | None
    role: str | None
    permissions: list[str]
    limits: Limits
    joined_at: AwareDatetime

    @classmethod
    def of(cls, member: Member) -> "MemberAnswer":
        return cls(
            user_id=member.user_id,
            email=member.email,
            name=member.name,
            joined_at=member.joined_at,
            **granted(member.grant),
        )


def routes(members: Members, guard: Guard) -> APIRouter:
    """Reading takes members:read, changing and removing members:write; everybody may leave."""
    router = APIRouter(prefix="/api/v1/organizations/{org}/members", tags=["members"])
    Reader = Annotated[OrgPrincipal, Depends(guard.require("members:read"))]
    Writer = Annotated[OrgPrincipal, Depends(guard.require("members:write", fresh=True))]
    Inside = Annotated[OrgPrincipal, Depends(guard.require(None, fresh=True))]

    @router.get("", operation_id="list_members", responses=refusals(NotFound, MissingPermission))
    def list_members(acting: Reader, paging: Paged) -> Page[MemberAnswer]:
        """In the order in which they joined."""
        rows = members.views.of_organization(acting.organization_id, place(paging), paging.limit)
        return paging.page(rows, MemberAnswer.of, lambda row: (row.joined_at.isoformat(), str(row.user_id)))

    @router.patch(
        "/{user}",
        operation_id="change_member",
        responses=refusals(NotFound, MissingPermission, PersonNeeded, GrantExceedsOwn, LastAdministrator),
    )
    def change_member(acting: Writer, user: User, body: MemberChange) -> MemberAnswer:
        """Works for tokens issued before as well. Nobody grants what they lack."""
        by = _user(acting)
        target = by if user == "me" else user
        given = {field: getattr(body, field) for field in body.model_fields_set}
        members.change(acting.organization_id, target, given, by)
        member = members.views.find(acting.organization_id, target)
        if member is None:
            raise NotFound
        return MemberAnswer.of(member)

    @router.delete(
        "/{user}",
        operation_id="remove_member",
        status_code=204,
        responses=refusals(NotFound, MissingPermission, PersonNeeded, GrantExceedsOwn, LastAdministrator),
    )
    def remove_member(acting: Inside, user: User) -> None:
        """`me` leaves. Nobody removes a member who holds a right that they lack."""
        by = _user(acting)
        members.remove(acting.organization_id, by if user == "me" else user, by)

    return router


def _user(acting: OrgPrincipal) -> UUID:
    if acting.principal.user_id is None:
        raise PersonNeeded
    return acting.principal.user_id
