"""One's own account: name, password, and where one is signed in."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Response

from kit.http.csrf import CsrfGuard
from portal.api import ApiProblem
from portal.devices import device_of
from portal.rendering import Errors, Renderer
from portal.visits import Visit, Visits

Text = Annotated[str, Form()]
PAGE = "/portal/profile"


def routes(show: Renderer, visits: Visits, own_forms: CsrfGuard) -> APIRouter:
    router = show.router()
    Anyone = Annotated[Visit, Depends(visits.anyone)]
    guarded = [Depends(own_forms)]

    def shown(visit: Visit, cursor: str = "", errors: Errors | None = None, name: str | None = None) -> Response:
        sessions = visit.api.page("/me/sessions", cursor=cursor)
        given = visit.me["name"] or "" if name is None else name
        values = {"sessions": sessions, "device_of": device_of, "name": given, "errors": errors or {}}
        return show.page(visit, "profile.html", 422 if errors else 200, section="", **values)

    @router.get(PAGE)
    def profile(visit: Anyone, cursor: str = "") -> Response:
        return shown(visit, cursor)

    @router.post(f"{PAGE}/name", dependencies=guarded)
    def rename(visit: Anyone, name: Text = "") -> Response:
        try:
            visit.api.patch("/me", {"name": name})
        except ApiProblem as problem:
            return shown(visit, errors=show.errors_of(problem, "name"), name=name)
        return show.done(visit, PAGE, "profile.renamed")

    @router.post(f"{PAGE}/password", dependencies=guarded)
    def change_password(visit: Anyone, current_password: Text = "", new_password: Text = "") -> Response:
        try:
            visit.api.put("/me/password", {"current_password": current_password, "new_password": new_password})
        except ApiProblem as problem:
            return shown(visit, errors=show.errors_of(problem, "current_password", "new_password"))
        return show.done(visit, PAGE, "profile.password_changed")

    @router.post(PAGE + "/sessions/{session}/end", dependencies=guarded)
    def end_session(visit: Anyone, session: UUID) -> Response:
        try:
            visit.api.delete(f"/me/sessions/{session}")
        except ApiProblem as problem:
            if problem.status != 404:
                raise
        return show.done(visit, PAGE, "profile.session_ended")

    return router
