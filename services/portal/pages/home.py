"""Where a visit begins: the organization's overview, at first a checklist through the quick start."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.responses import RedirectResponse

from kit.errors import NotFound
from portal.api import ApiProblem
from portal.rendering import Renderer
from portal.visits import Visit, Visits

_FIRST_NAME = "My organization"  # what the interface calls a first organization, for everybody


@dataclass(frozen=True)
class Step:
    """A step of the quick start; `page` is where it is done, below the organization's address or absolute."""

    name: str
    page: str
    done: bool


def routes(show: Renderer, visits: Visits) -> APIRouter:
    router = show.router()
    Anyone = Annotated[Visit, Depends(visits.anyone)]
    Member = Annotated[Visit, Depends(visits.member)]

    @router.get("/portal")
    def start(visit: Anyone) -> Response:
        if visit.organization is None:
            return RedirectResponse("/portal/organizations", 303)
        return RedirectResponse(f"/portal/organizations/{visit.organization['id']}", 303)

    @router.get("/portal/organizations/{org}")
    def overview(visit: Member) -> Response:
        counts = _counts(visit)
        return show.page(visit, "overview.html", section="overview", steps=_steps(visit, counts), counts=counts)

    return router


def rest(show: Renderer) -> APIRouter:
    """What is no page."""
    router = show.router()

    @router.get("/portal/{path:path}")
    def missing(path: str) -> Response:
        raise NotFound

    return router


def _counts(visit: Visit) -> dict[str, int]:
    """How many there are of what the person may see, up to 200."""
    counts = {}
    for kind, permission in (("platforms", "platforms:read"), ("members", "members:read"), ("clients", "clients:read")):
        if visit.may(permission):
            try:
                counts[kind] = len(visit.api.choices(f"{visit.here}/{kind}"))
            except ApiProblem:
                continue
    if "members" in counts:
        invitations = visit.api.choices(f"{visit.here}/invitations")
        counts["invitations"] = sum(each["status"] == "pending" for each in invitations)
    return counts


def _steps(visit: Visit, counts: dict[str, int]) -> list[Step]:
    """The steps that this person may take."""
    assert visit.organization is not None
    named = visit.organization["name"] != _FIRST_NAME
    colleagues = counts.get("members", 1) + counts.get("invitations", 0) > 1
    known = (
        ("organization:write", Step("name", "/portal/organizations", named)),
        ("platforms:write", Step("platform", f"{visit.home}/platforms", counts.get("platforms", 0) > 0)),
        ("members:write", Step("people", f"{visit.home}/users", colleagues)),
        ("clients:write", Step("client", f"{visit.home}/clients", counts.get("clients", 0) > 0)),
    )
    return [step for permission, step in known if visit.may(permission)]
