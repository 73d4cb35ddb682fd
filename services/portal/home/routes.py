"""The start page: the overview of an organization, with the setup checklist until every step is done."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.responses import RedirectResponse

from kit.errors import NotFound
from portal.layout.api import ApiProblem
from portal.layout.page_requests import PageRequest, PageRequests
from portal.layout.rendering import Renderer
from portal.layout.sections import Section

SECTION = Section("overview", None)
_FIRST_NAME = "My organization"  # the name that the API gives the first organization of every user


@dataclass(frozen=True)
class Step:
    """A step of the setup checklist; `page` is the path of the page where the user completes it."""

    name: str
    page: str
    done: bool


def routes(show: Renderer, requests: PageRequests) -> APIRouter:
    router = show.router()
    SignedIn = Annotated[PageRequest, Depends(requests.signed_in)]
    Member = Annotated[PageRequest, Depends(requests.member)]

    @router.get("/portal")
    def start(request: SignedIn) -> Response:
        if request.organization is None:
            return RedirectResponse("/portal/organizations", 303)
        return RedirectResponse(f"/portal/organizations/{request.organization['id']}", 303)

    @router.get("/portal/organizations/{org}")
    def overview(request: Member) -> Response:
        counts = _counts(request)
        steps = _steps(request, counts)
        return show.page(request, "home/overview.html", section="overview", steps=steps, counts=counts)

    return router


def missing(show: Renderer) -> APIRouter:
    """Every path below /portal that is not a page. Include it after all other routers."""
    router = show.router()

    @router.get("/portal/{path:path}")
    def not_found(path: str) -> Response:
        raise NotFound

    return router


def _counts(request: PageRequest) -> dict[str, int]:
    """The number of platforms, members, clients and invitations that the user may list, each up to 200."""
    counts = {}
    for kind, permission in (("platforms", "platforms:read"), ("members", "members:read"), ("clients", "clients:read")):
        if request.may(permission):
            try:
                counts[kind] = len(request.api.choices(f"{request.api_path}/{kind}"))
            except ApiProblem:
                continue
    if "members" in counts:
        invitations = request.api.choices(f"{request.api_path}/invitations")
        counts["invitations"] = sum(each["status"] == "pending" for each in invitations)
    return counts


def _steps(request: PageRequest, counts: dict[str, int]) -> list[Step]:
    """The steps that the user has the permission for."""
    assert request.organization is not None
    named = request.organization["name"] != _FIRST_NAME
    colleagues = counts.get("members", 1) + counts.get("invitations", 0) > 1
    known = (
        ("organization:write", Step("name", "/portal/organizations", named)),
        ("platforms:write", Step("platform", f"{request.home}/platforms", counts.get("platforms", 0) > 0)),
        ("members:write", Step("members", f"{request.home}/users", colleagues)),
        ("clients:write", Step("client", f"{request.home}/clients", counts.get("clients", 0) > 0)),
    )
    return [step for permission, step in known if request.may(permission)]
