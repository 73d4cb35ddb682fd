"""The account of the signed-in user: name, password, and sessions."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from kit.http.csrf import CsrfGuard
from portal.layout.api import ApiProblem
from portal.layout.forms import Text
from portal.layout.page_requests import PageRequest, PageRequests
from portal.layout.rendering import Errors, Renderer
from portal.profile.devices import device_of

PAGE = "/portal/profile"


def routes(show: Renderer, requests: PageRequests, csrf: CsrfGuard) -> APIRouter:
    router = show.router()
    SignedIn = Annotated[PageRequest, Depends(requests.signed_in)]
    guarded = [Depends(csrf)]

    def shown(
        request: PageRequest, cursor: str = "", errors: Errors | None = None, name: str | None = None
    ) -> Response:
        sessions = request.api.page("/me/sessions", cursor=cursor)
        given = request.me["name"] or "" if name is None else name
        values = {"sessions": sessions, "device_of": device_of, "name": given, "errors": errors or {}}
        return show.page(request, "profile/profile.html", 422 if errors else 200, section="", **values)

    @router.get(PAGE)
    def profile(request: SignedIn, cursor: str = "") -> Response:
        return shown(request, cursor)

    @router.post(f"{PAGE}/name", dependencies=guarded)
    def rename(request: SignedIn, name: Text = "") -> Response:
        try:
            request.api.patch("/me", {"name": name})
        except ApiProblem as problem:
            return shown(request, errors=show.errors_of(problem, "name"), name=name)
        return show.done(request, PAGE, "profile.renamed")

    @router.post(f"{PAGE}/password", dependencies=guarded)
    def change_password(request: SignedIn, current_password: Text = "", new_password: Text = "") -> Response:
        try:
            request.api.put("/me/password", {"current_password": current_password, "new_password": new_password})
        except ApiProblem as problem:
            return shown(request, errors=show.errors_of(problem, "current_password", "new_password"))
        return show.done(request, PAGE, "profile.password_changed")

    @router.post(PAGE + "/sessions/{session}/end", dependencies=guarded)
    def revoke_session(request: SignedIn, session: UUID) -> Response:
        try:
            request.api.delete(f"/me/sessions/{session}")
        except ApiProblem as problem:
            if problem.status != 404:
                raise
        return show.done(request, PAGE, "profile.session_revoked")

    return router
