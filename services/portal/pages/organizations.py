"""Manage organizations: rename in place, create, leave, delete and restore."""

from secrets import token_urlsafe
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Response

from kit.http.csrf import CsrfGuard
from portal.api import ApiProblem
from portal.rendering import Errors, Renderer
from portal.visits import Visit, Visits

Text = Annotated[str, Form()]
PAGE = "/portal/organizations"


def routes(show: Renderer, visits: Visits, own_forms: CsrfGuard) -> APIRouter:
    router = show.router()
    Anyone = Annotated[Visit, Depends(visits.anyone)]
    Member = Annotated[Visit, Depends(visits.member)]
    guarded = [Depends(own_forms)]

    def listed(visit: Visit, cursor: str = "", status: int = 200, wrong: dict[str, str] | None = None) -> Response:
        """`wrong`: for which organization a name was refused, which name, and why."""
        return show.page(
            visit,
            "organizations.html",
            status,
            section="",
            shown=visit.api.page("/organizations", cursor=cursor),
            deleted=visit.api.choices("/organizations", deleted="true") if not cursor else [],
            wrong=wrong or {"id": "", "name": "", "message": ""},
        )

    @router.get(PAGE)
    def organizations(visit: Anyone, cursor: str = "") -> Response:
        return listed(visit, cursor)

    def form(visit: Visit, name: str = "", key: str = "", errors: Errors | None = None) -> Response:
        return show.sheet(visit, "organization_new.html", errors, name=name, key=key or token_urlsafe(16))

    @router.get(f"{PAGE}/new")
    def new(visit: Anyone) -> Response:
        return form(visit)

    @router.post(f"{PAGE}/new", dependencies=guarded)
    def create(visit: Anyone, name: Text = "", key: Text = "") -> Response:
        try:
            made = visit.api.post("/organizations", {"name": name}, key=key)
        except ApiProblem as problem:
            return form(visit, name, key, show.errors_of(problem, "name"))
        return show.done(visit, f"{PAGE}/{made['id']}", "organizations.created", name=made["name"])

    @router.post(PAGE + "/{org}/rename", dependencies=guarded)
    def rename(visit: Member, name: Text = "") -> Response:
        try:
            renamed = visit.api.patch(visit.here, {"name": name})
        except ApiProblem as problem:
            errors = show.errors_of(problem, "name")
            wrong = {"id": visit.request.path_params["org"], "name": name, "message": next(iter(errors.values()))}
            return listed(visit, status=422, wrong=wrong)
        return show.done(visit, PAGE, "organizations.renamed", name=renamed["name"])

    def question(visit: Visit, template: str, errors: Errors | None = None, **values: str) -> Response:
        return show.sheet(visit, template, errors, organization=visit.organization, **values)

    @router.get(PAGE + "/{org}/leave")
    def ask_to_leave(visit: Member) -> Response:
        return question(visit, "organization_leave.html")

    @router.post(PAGE + "/{org}/leave", dependencies=guarded)
    def leave(visit: Member) -> Response:
        assert visit.organization is not None
        try:
            visit.api.delete(f"{visit.here}/members/me")
        except ApiProblem as problem:
            return question(visit, "organization_leave.html", show.errors_of(problem))
        return show.done(visit, PAGE, "organizations.left", name=visit.organization["name"])

    @router.get(PAGE + "/{org}/delete")
    def ask_to_delete(visit: Member) -> Response:
        return question(visit, "organization_delete.html", typed="")

    @router.post(PAGE + "/{org}/delete", dependencies=guarded)
    def delete(visit: Member, typed: Text = "") -> Response:
        assert visit.organization is not None
        if typed.strip() != visit.organization["name"]:
            errors = {"typed": show.texts("organizations.delete.other_name")}
            return question(visit, "organization_delete.html", errors, typed=typed)
        try:
            visit.api.delete(visit.here)
        except ApiProblem as problem:
            return question(visit, "organization_delete.html", show.errors_of(problem), typed=typed)
        return show.done(visit, PAGE, "organizations.deleted", name=visit.organization["name"])

    @router.post(PAGE + "/{org}/restore", dependencies=guarded)
    def restore(visit: Anyone, org: UUID) -> Response:
        restored = visit.api.post(f"{visit.here}/restore")
        return show.done(visit, PAGE, "organizations.restored", name=restored["name"])

    return router
