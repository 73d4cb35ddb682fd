"""Invite users by e-mail address; resend and revoke invitations."""

import re
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from contracts.permissions import ROLES, Permission
from kit.http.csrf import CsrfGuard
from portal.layout.api import ApiProblem
from portal.layout.forms import Text
from portal.layout.limits import platform_choices
from portal.layout.page_requests import PageRequest, PageRequests
from portal.layout.rendering import Errors, Renderer
from portal.users.grants import Grant, GrantForm

_MAX_ADDRESSES = 50


@dataclass(frozen=True)
class InvitationResult:
    """The result for one address; `error` is empty where the invitation was created."""

    email: str
    error: str


def grant_dialog(
    show: Renderer, request: PageRequest, template: str, grant: GrantForm, errors: Errors | None = None, **more: Any
) -> Response:
    """A dialog with the fields of a grant."""
    known = {"roles": ROLES, "all_permissions": list(Permission), "platforms": platform_choices(request)}
    return show.dialog(request, template, errors, grant=grant, **known, **more)


def add_invitation_routes(
    router: APIRouter, users: str, show: Renderer, requests: PageRequests, csrf: CsrfGuard
) -> None:
    """`users` is the path of the list of users."""
    Member = Annotated[PageRequest, Depends(requests.member)]
    guarded = [Depends(csrf)]

    def invite_dialog(
        request: PageRequest,
        grant: GrantForm,
        emails: str = "",
        key: str = "",
        errors: Errors | None = None,
        results: list[InvitationResult] | None = None,
    ) -> Response:
        values = {"emails": emails, "results": results or [], "key": key or token_urlsafe(16)}
        return grant_dialog(show, request, "users/invite.html", grant, errors, **values)

    @router.get(users + "/invite")
    def invite_form(request: Member) -> Response:
        return invite_dialog(request, GrantForm())

    @router.post(users + "/invite", dependencies=guarded)
    def invite(request: Member, grant: Grant, emails: Text = "", key: Text = "") -> Response:
        addresses = list(dict.fromkeys(filter(None, re.split(r"[\s,;]+", emails))))
        if not addresses:
            return invite_dialog(request, grant, emails, key, {"emails": show.texts("users.invite.no_address")})
        if len(addresses) > _MAX_ADDRESSES:
            message = show.texts("users.invite.too_many", most=_MAX_ADDRESSES)
            return invite_dialog(request, grant, emails, key, {"emails": message})
        results = [_invite(show, request, address, grant, f"{key}-{address}") for address in addresses]
        if not any(each.error for each in results):
            text = "users.invited.one" if len(results) == 1 else "users.invited.many"
            values = {"email": results[0].email, "count": str(len(results))}
            return show.done(request, f"{request.home}/users", text, **values)
        refused = "\n".join(each.email for each in results if each.error)
        return invite_dialog(request, grant, refused, results=results)

    @router.post(users + "/invitations/{id}/resend", dependencies=guarded)
    def resend(request: Member, id: UUID) -> Response:
        resent = request.api.post(f"{request.api_path}/invitations/{id}/resend")
        return show.done(request, f"{request.home}/users", "users.resent", email=resent["email"] or "")

    @router.get(users + "/invitations/{id}/revoke")
    def confirm_revoke(request: Member, id: UUID, email: str = "") -> Response:
        return show.dialog(request, "users/revoke.html", id=id, email=email)

    @router.post(users + "/invitations/{id}/revoke", dependencies=guarded)
    def revoke(request: Member, id: UUID, email: Text = "") -> Response:
        try:
            request.api.delete(f"{request.api_path}/invitations/{id}")
        except ApiProblem as problem:
            return show.dialog(request, "users/revoke.html", show.errors_of(problem), id=id, email=email)
        return show.done(request, f"{request.home}/users", "users.revoked", email=email)


def _invite(show: Renderer, request: PageRequest, address: str, grant: GrantForm, key: str) -> InvitationResult:
    try:
        request.api.post(f"{request.api_path}/invitations", {"email": address, **grant.body()}, key=key)
    except ApiProblem as problem:
        return InvitationResult(address, next(iter(show.errors_of(problem, "email").values())))
    return InvitationResult(address, "")
