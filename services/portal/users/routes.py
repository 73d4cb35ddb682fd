"""Members and open invitations in one list; change the permissions of a member, and remove one."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from contracts.permissions import Permission
from kit.errors import NotFound
from kit.http.csrf import CsrfGuard
from portal.layout.api import ApiProblem, Json
from portal.layout.page_requests import PageRequest, PageRequests
from portal.layout.rendering import Errors, Renderer
from portal.layout.sections import Section
from portal.users.grants import Grant, GrantForm, extra_permissions
from portal.users.invitations import add_invitation_routes, grant_dialog

PAGE = "/portal/organizations/{org}/users"
SECTION = Section("users", Permission.MEMBERS_READ)
_OPEN = ("pending", "expired")


def routes(show: Renderer, requests: PageRequests, csrf: CsrfGuard) -> APIRouter:
    router = show.router()
    Member = Annotated[PageRequest, Depends(requests.member)]
    guarded = [Depends(csrf)]
    add_invitation_routes(router, PAGE, show, requests, csrf)

    @router.get(PAGE)
    def users(request: Member, cursor: str = "") -> Response:
        members, invitations, more_cursor = _listed(request, cursor)
        values: dict[str, Any] = {
            "members": members,
            "invitations": invitations,
            "more_cursor": more_cursor,
            "first": not cursor,
        }
        return show.page(request, "users/users.html", section="users", extra_permissions=extra_permissions, **values)

    def permissions_dialog(
        request: PageRequest, user: UUID, grant: GrantForm | None = None, errors: Errors | None = None
    ) -> Response:
        member = _member(request, user)
        grant = grant or GrantForm.of(member)
        return grant_dialog(show, request, "users/permissions.html", grant, errors, member=member)

    @router.get(PAGE + "/{user}/rights")
    def permissions_form(request: Member, user: UUID) -> Response:
        return permissions_dialog(request, user)

    @router.post(PAGE + "/{user}/rights", dependencies=guarded)
    def change_permissions(request: Member, user: UUID, grant: Grant) -> Response:
        try:
            member = request.api.patch(f"{request.api_path}/members/{user}", grant.body())
        except ApiProblem as problem:
            return permissions_dialog(request, user, grant, show.errors_of(problem, "role", "permissions", "limits"))
        return show.done(request, f"{request.home}/users", "users.changed", user=_name_of(member))

    @router.get(PAGE + "/{user}/remove")
    def confirm_remove(request: Member, user: UUID) -> Response:
        member = _member(request, user)
        return show.dialog(request, "users/remove.html", member=member, last=_is_last_administrator(request, member))

    @router.post(PAGE + "/{user}/remove", dependencies=guarded)
    def remove(request: Member, user: UUID) -> Response:
        member = _member(request, user)
        try:
            request.api.delete(f"{request.api_path}/members/{user}")
        except ApiProblem as problem:
            last = problem.code == "last-administrator"
            return show.dialog(request, "users/remove.html", show.errors_of(problem), member=member, last=last)
        return show.done(request, f"{request.home}/users", "users.removed", user=_name_of(member))

    return router


def _listed(request: PageRequest, cursor: str) -> tuple[list[Json], list[Json], str | None]:
    """A page of members, and of open invitations after the last member.

    The cursor of the page is `members:CURSOR` or `invitations:CURSOR`: the list of the API, and its cursor there.
    """
    kind, _, place = cursor.partition(":")
    members: list[Json] = []
    if kind != "invitations":
        listed = request.api.page(f"{request.api_path}/members", cursor=place)
        members, place = listed.items, ""
        if listed.next_cursor:
            return members, [], f"members:{listed.next_cursor}"
    invited = request.api.page(f"{request.api_path}/invitations", cursor=place)
    more_cursor = f"invitations:{invited.next_cursor}" if invited.next_cursor else None
    return members, [each for each in invited.items if each["status"] in _OPEN], more_cursor


def _member(request: PageRequest, user: UUID) -> Json:
    """Searches the list, since the API has no call for one member. Raises NotFound."""
    cursor: str | None = ""
    while cursor is not None:
        listed = request.api.page(f"{request.api_path}/members", limit="200", cursor=cursor)
        for each in listed.items:
            if each["user_id"] == str(user):
                return each
        cursor = listed.next_cursor
    raise NotFound


def _is_last_administrator(request: PageRequest, member: Json) -> bool:
    if member["role"] != "administrator":
        return False
    members = request.api.choices(f"{request.api_path}/members")
    return [each["role"] for each in members].count("administrator") == 1


def _name_of(member: Json) -> str:
    return str(member["name"] or member["email"] or member["user_id"])
