"""Trade platforms: list, add, edit and remove; recent checks and sample data."""

from secrets import token_urlsafe
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from fastapi.responses import HTMLResponse

from contracts.permissions import Permission
from kit.http.csrf import CsrfGuard
from portal.layout.api import ApiProblem, Json
from portal.layout.forms import Text
from portal.layout.page_requests import PageRequest, PageRequests
from portal.layout.rendering import Errors, Renderer
from portal.layout.sections import Section
from portal.platforms.connectors import Connectors
from portal.platforms.credentials import add_credential_routes

PAGE = "/portal/organizations/{org}/platforms"
SECTION = Section("platforms", Permission.PLATFORMS_READ)
_SAMPLE_ROWS = "5"
_SHOWN_CHECKS = "50"


def routes(show: Renderer, requests: PageRequests, csrf: CsrfGuard) -> APIRouter:
    router = show.router()
    Member = Annotated[PageRequest, Depends(requests.member)]
    guarded = [Depends(csrf)]

    def api_path(request: PageRequest, platform: UUID) -> str:
        return f"{request.api_path}/platforms/{platform}"

    @router.get(PAGE)
    def platforms(request: Member, cursor: str = "") -> Response:
        shown = request.api.page(f"{request.api_path}/platforms", cursor=cursor)
        connectors = Connectors.of(request)
        return show.page(
            request,
            "platforms/platforms.html",
            section="platforms",
            shown=shown,
            first=not cursor,
            connectors=connectors,
        )

    def new_dialog(
        request: PageRequest,
        connectors: Connectors,
        key: str,
        name: str = "",
        kind: str = "",
        errors: Errors | None = None,
    ) -> Response:
        kinds = connectors.kinds
        values = {"name": name, "kind": kind or next(iter(kinds), ""), "kinds": kinds, "key": key}
        return show.dialog(request, "platforms/new.html", errors, **values)

    @router.get(PAGE + "/new")
    def new(request: Member) -> Response:
        return new_dialog(request, Connectors.of(request), token_urlsafe(16))

    @router.post(PAGE + "/new", dependencies=guarded)
    def add(request: Member, name: Text = "", kind: Text = "", key: Text = "") -> Response:
        connectors = Connectors.of(request)
        body = {"name": name, "kind": kind, "api": connectors.recommended_api(kind)}
        try:
            made = request.api.post(f"{request.api_path}/platforms", body, key=key)
        except ApiProblem as problem:
            errors = show.errors_of(problem, "name", "kind")
            return new_dialog(request, connectors, key, name, kind, errors)
        return show.done(request, f"{request.home}/platforms/{made['id']}", "platforms.added", name=made["name"])

    @router.get(PAGE + "/{platform}")
    def platform_page(request: Member, platform: UUID) -> Response:
        path = api_path(request, platform)
        found = request.api.get(path)
        checks = request.api.page(f"{path}/checks", limit=_SHOWN_CHECKS).items
        return show.page(
            request,
            "platforms/platform.html",
            section="platforms",
            platform=found,
            checks=checks,
            connectors=Connectors.of(request),
        )

    @router.get(PAGE + "/{platform}/look")
    def sample(request: Member, platform: UUID) -> Response:
        """Sample data, which the platform's page loads after itself: a platform may take seconds to answer."""
        path = api_path(request, platform)
        rows: dict[str, list[Json]] = {"accounts": [], "deals": []}
        message = ""
        for kind in rows:
            try:
                rows[kind] = request.api.page(f"{path}/{kind}", limit=_SAMPLE_ROWS).items
            except ApiProblem as problem:
                message = show.message_of(problem)
        values: dict[str, Any] = {"rows": rows, "problem": message}
        if request.is_htmx:
            return HTMLResponse(show.fragment("platforms/sample_rows.html", **values))
        found = request.api.get(path)
        return show.page(request, "platforms/sample.html", section="platforms", platform=found, **values)

    def edit_dialog(
        request: PageRequest, platform: Json, name: str, api: str, errors: Errors | None = None
    ) -> Response:
        apis = Connectors.of(request).apis(platform["kind"])
        values = {"platform": platform, "name": name, "api": api, "apis": apis}
        return show.dialog(request, "platforms/edit.html", errors, **values)

    @router.get(PAGE + "/{platform}/edit")
    def edit(request: Member, platform: UUID) -> Response:
        found = request.api.get(api_path(request, platform))
        return edit_dialog(request, found, found["name"], found["api"])

    @router.post(PAGE + "/{platform}/edit", dependencies=guarded)
    def change(request: Member, platform: UUID, name: Text = "", api: Text = "") -> Response:
        path = api_path(request, platform)
        try:
            # An API that is not installed is not among the choices, and nothing is chosen.
            changed = request.api.patch(path, {"name": name, **({"api": api} if api else {})})
        except ApiProblem as problem:
            errors = show.errors_of(problem, "name", "api")
            return edit_dialog(request, request.api.get(path), name, api, errors)
        return show.done(request, f"{request.home}/platforms/{platform}", "platforms.changed", name=changed["name"])

    @router.get(PAGE + "/{platform}/remove")
    def confirm_remove(request: Member, platform: UUID) -> Response:
        found = request.api.get(api_path(request, platform))
        return show.dialog(request, "platforms/remove.html", platform=found, typed="")

    @router.post(PAGE + "/{platform}/remove", dependencies=guarded)
    def remove(request: Member, platform: UUID, typed: Text = "") -> Response:
        path = api_path(request, platform)
        found = request.api.get(path)
        if typed.strip() != found["name"]:
            errors = {"typed": show.texts("platforms.remove.other_name")}
            return show.dialog(request, "platforms/remove.html", errors, platform=found, typed=typed)
        request.api.delete(path)
        return show.done(request, f"{request.home}/platforms", "platforms.removed", name=found["name"])

    add_credential_routes(router, PAGE, show, requests, csrf)
    return router
