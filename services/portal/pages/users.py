"""Members and those invited, in one list; what each may do, and what that allows."""

import re
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Response

from contracts.permissions import ROLES, Permission
from kit.errors import NotFound
from kit.http.csrf import CsrfGuard
from portal.api import ApiProblem, Json
from portal.rendering import Errors, Renderer
from portal.texts import extra_permissions
from portal.visits import Visit, Visits

Text = Annotated[str, Form()]
Texts = Annotated[list[str], Form()]
PAGE = "/portal/organizations/{org}/users"
_MOST_AT_ONCE = 50
_OPEN = ("pending", "expired")


@dataclass(frozen=True)
class Invited:
    """What became of one address: `error` is empty where the invitation is on its way."""

    email: str
    error: str


@dataclass(frozen=True)
class GrantForm:
    """What a form grants, as it was filled in."""

    role: str = "viewer"
    permissions: tuple[str, ...] = ()
    limited: bool = False
    platforms: tuple[str, ...] = ()

    @classmethod
    def of(cls, granted: Json) -> "GrantForm":
        platforms = granted["limits"]["platforms"]
        extra = tuple(extra_permissions(granted["role"], granted["permissions"]))
        return cls(granted["role"] or "none", extra, platforms is not None, tuple(platforms or ()))

    def body(self) -> Json:
        return {
            "role": None if self.role == "none" else self.role,
            "permissions": [] if self.role == "administrator" else list(self.permissions),
            "limits": {"platforms": list(self.platforms) if self.limited else None},
        }


def grant_form(role: Text = "", permissions: Texts = [], limited: Text = "", platforms: Texts = []) -> GrantForm:  # noqa: B006 - FastAPI copies
    return GrantForm(role, tuple(permissions), limited == "yes", tuple(platforms))


Granted = Annotated[GrantForm, Depends(grant_form)]


def routes(show: Renderer, visits: Visits, own_forms: CsrfGuard) -> APIRouter:
    router = show.router()
    Member = Annotated[Visit, Depends(visits.member)]
    guarded = [Depends(own_forms)]

    def sheet(visit: Visit, template: str, grant: GrantForm, errors: Errors | None = None, **more: Any) -> Response:
        known = {"roles": ROLES, "all_permissions": list(Permission), "platforms": platforms_of(visit)}
        return show.sheet(visit, template, errors, grant=grant, **known, **more)

    @router.get(PAGE)
    def users(visit: Member, cursor: str = "") -> Response:
        members, invitations, more = _read(visit, cursor)
        return show.page(
            visit,
            "users.html",
            section="users",
            members=members,
            invitations=invitations,
            more_cursor=more,
            first=not cursor,
        )

    @router.get(PAGE + "/invite")
    def invite_form(visit: Member) -> Response:
        return sheet(visit, "users_invite.html", GrantForm(), emails="", results=[], key=token_urlsafe(16))

    @router.post(PAGE + "/invite", dependencies=guarded)
    def invite(visit: Member, grant: Granted, emails: Text = "", key: Text = "") -> Response:
        addresses = list(dict.fromkeys(filter(None, re.split(r"[\s,;]+", emails))))
        errors: dict[str, str] = {}
        if not addresses:
            errors["emails"] = show.texts("users.invite.nobody")
        if len(addresses) > _MOST_AT_ONCE:
            errors["emails"] = show.texts("users.invite.too_many", most=_MOST_AT_ONCE)
        if errors:
            return sheet(visit, "users_invite.html", grant, errors, emails=emails, results=[], key=key)
        results = [_invite(show, visit, address, grant, f"{key}-{address}") for address in addresses]
        if not any(each.error for each in results):
            text = "users.invited.one" if len(results) == 1 else "users.invited.many"
            return show.done(visit, f"{visit.home}/users", text, email=results[0].email, count=str(len(results)))
        left = "\n".join(each.email for each in results if each.error)
        return sheet(visit, "users_invite.html", grant, emails=left, results=results, key=token_urlsafe(16))

    @router.post(PAGE + "/invitations/{id}/resend", dependencies=guarded)
    def resend(visit: Member, id: UUID) -> Response:
        again = visit.api.post(f"{visit.here}/invitations/{id}/resend")
        return show.done(visit, f"{visit.home}/users", "users.resent", email=again["email"] or "")

    @router.get(PAGE + "/invitations/{id}/revoke")
    def ask_to_revoke(visit: Member, id: UUID, email: str = "") -> Response:
        return show.sheet(visit, "users_revoke.html", id=id, email=email)

    @router.post(PAGE + "/invitations/{id}/revoke", dependencies=guarded)
    def revoke(visit: Member, id: UUID, email: Text = "") -> Response:
        try:
            visit.api.delete(f"{visit.here}/invitations/{id}")
        except ApiProblem as problem:
            return show.sheet(visit, "users_revoke.html", show.errors_of(problem), id=id, email=email)
        return show.done(visit, f"{visit.home}/users", "users.revoked", email=email)

    @router.get(PAGE + "/{user}/rights")
    def rights_form(visit: Member, user: UUID) -> Response:
        member = _member(visit, user)
        return sheet(visit, "users_rights.html", GrantForm.of(member), member=member)

    @router.post(PAGE + "/{user}/rights", dependencies=guarded)
    def change_rights(visit: Member, user: UUID, grant: Granted) -> Response:
        try:
            member = visit.api.patch(f"{visit.here}/members/{user}", grant.body())
        except ApiProblem as problem:
            errors = show.errors_of(problem, "role", "permissions", "limits")
            return sheet(visit, "users_rights.html", grant, errors, member=_member(visit, user))
        return show.done(visit, f"{visit.home}/users", "users.changed", who=_named(member))

    @router.get(PAGE + "/{user}/remove")
    def ask_to_remove(visit: Member, user: UUID) -> Response:
        member = _member(visit, user)
        return show.sheet(visit, "users_remove.html", member=member, last=_is_last_administrator(visit, member))

    @router.post(PAGE + "/{user}/remove", dependencies=guarded)
    def remove(visit: Member, user: UUID) -> Response:
        member = _member(visit, user)
        try:
            visit.api.delete(f"{visit.here}/members/{user}")
        except ApiProblem as problem:
            last = problem.code == "last-administrator"
            return show.sheet(visit, "users_remove.html", show.errors_of(problem), member=member, last=last)
        return show.done(visit, f"{visit.home}/users", "users.removed", who=_named(member))

    return router


def platforms_of(visit: Visit) -> list[Json]:
    """To choose limits from; none where the person may not see any."""
    if not visit.may("platforms:read"):
        return []
    try:
        return visit.api.choices(f"{visit.here}/platforms")
    except ApiProblem:
        return []


def _read(visit: Visit, cursor: str) -> tuple[list[Json], list[Json], str | None]:
    """Members, and after the last of them the open invitations; the cursor says in which of both it is."""
    kind, _, place = cursor.partition(":")
    members: list[Json] = []
    if kind != "invitations":
        listed = visit.api.page(f"{visit.here}/members", cursor=place)
        members, place = listed.items, ""
        if listed.next_cursor:
            return members, [], f"members:{listed.next_cursor}"
    invited = visit.api.page(f"{visit.here}/invitations", cursor=place)
    more = f"invitations:{invited.next_cursor}" if invited.next_cursor else None
    return members, [each for each in invited.items if each["status"] in _OPEN], more


def _member(visit: Visit, user: UUID) -> Json:
    """Raises NotFound. The interface shows members as a list only."""
    cursor: str | None = ""
    while cursor is not None:
        listed = visit.api.page(f"{visit.here}/members", limit="200", cursor=cursor)
        for each in listed.items:
            if each["user_id"] == str(user):
                return each
        cursor = listed.next_cursor
    raise NotFound


def _is_last_administrator(visit: Visit, member: Json) -> bool:
    if member["role"] != "administrator":
        return False
    members = visit.api.choices(f"{visit.here}/members")
    return [each["role"] for each in members].count("administrator") == 1


def _invite(show: Renderer, visit: Visit, address: str, grant: GrantForm, key: str) -> Invited:
    try:
        visit.api.post(f"{visit.here}/invitations", {"email": address, **grant.body()}, key=key)
    except ApiProblem as problem:
        return Invited(address, next(iter(show.errors_of(problem, "email").values())))
    return Invited(address, "")


def _named(member: Json) -> str:
    return str(member["name"] or member["email"] or member["user_id"])
