"""The organizations of a user: create, rename, leave, delete and restore."""

from secrets import token_urlsafe
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from kit.http.csrf import CsrfGuard
from portal.layout.api import ApiProblem
from portal.layout.forms import Text
from portal.layout.page_requests import PageRequest, PageRequests
from portal.layout.rendering import Errors, Renderer

PAGE = "/portal/organizations"


def routes(show: Renderer, requests: PageRequests, csrf: CsrfGuard) -> APIRouter:
    router = show.router()
    SignedIn = Annotated[PageRequest, Depends(requests.signed_in)]
    Member = Annotated[PageRequest, Depends(requests.member)]
    guarded = [Depends(csrf)]

    def listed(
        request: PageRequest, cursor: str = "", status: int = 200, refused: dict[str, str] | None = None
    ) -> Response:
        """`refused` is a rename that the API refused: the organization's id, the name, and the message."""
        return show.page(
            request,
            "organizations/organizations.html",
            status,
            section="",
            shown=request.api.page("/organizations", cursor=cursor),
            deleted=request.api.choices("/organizations", deleted="true") if not cursor else [],
            refused=refused or {"id": "", "name": "", "message": ""},
        )

    @router.get(PAGE)
    def organizations(request: SignedIn, cursor: str = "") -> Response:
        return listed(request, cursor)

    def new_dialog(request: PageRequest, name: str = "", key: str = "", errors: Errors | None = None) -> Response:
        return show.dialog(request, "organizations/new.html", errors, name=name, key=key or token_urlsafe(16))

    @router.get(f"{PAGE}/new")
    def new(request: SignedIn) -> Response:
        return new_dialog(request)

    @router.post(f"{PAGE}/new", dependencies=guarded)
    def create(request: SignedIn, name: Text = "", key: Text = "") -> Response:
        try:
            made = request.api.post("/organizations", {"name": name}, key=key)
        except ApiProblem as problem:
            return new_dialog(request, name, key, show.errors_of(problem, "name"))
        return show.done(request, f"{PAGE}/{made['id']}", "organizations.created", name=made["name"])

    @router.post(PAGE + "/{org}/rename", dependencies=guarded)
    def rename(request: Member, name: Text = "") -> Response:
        try:
            renamed = request.api.patch(request.api_path, {"name": name})
        except ApiProblem as problem:
            message = next(iter(show.errors_of(problem, "name").values()))
            refused = {"id": request.http.path_params["org"], "name": name, "message": message}
            return listed(request, status=422, refused=refused)
        return show.done(request, PAGE, "organizations.renamed", name=renamed["name"])

    def confirmation(request: PageRequest, template: str, errors: Errors | None = None, **values: str) -> Response:
        return show.dialog(request, template, errors, organization=request.organization, **values)

    @router.get(PAGE + "/{org}/leave")
    def confirm_leave(request: Member) -> Response:
        return confirmation(request, "organizations/leave.html")

    @router.post(PAGE + "/{org}/leave", dependencies=guarded)
    def leave(request: Member) -> Response:
        assert request.organization is not None
        try:
            request.api.delete(f"{request.api_path}/members/me")
        except ApiProblem as problem:
            return confirmation(request, "organizations/leave.html", show.errors_of(problem))
        return show.done(request, PAGE, "organizations.left", name=request.organization["name"])

    @router.get(PAGE + "/{org}/delete")
    def confirm_delete(request: Member) -> Response:
        return confirmation(request, "organizations/delete.html", typed="")

    @router.post(PAGE + "/{org}/delete", dependencies=guarded)
    def delete(request: Member, typed: Text = "") -> Response:
        assert request.organization is not None
        if typed.strip() != request.organization["name"]:
            errors = {"typed": show.texts("organizations.delete.other_name")}
            return confirmation(request, "organizations/delete.html", errors, typed=typed)
        try:
            request.api.delete(request.api_path)
        except ApiProblem as problem:
            return confirmation(request, "organizations/delete.html", show.errors_of(problem), typed=typed)
        return show.done(request, PAGE, "organizations.deleted", name=request.organization["name"])

    @router.post(PAGE + "/{org}/restore", dependencies=guarded)
    def restore(request: SignedIn, org: UUID) -> Response:
        restored = request.api.post(f"{request.api_path}/restore")
        return show.done(request, PAGE, "organizations.restored", name=restored["name"])

    return router
