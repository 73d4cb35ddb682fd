"""Signing in by way of the provider, and signing out there as well as here."""

import re
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from kit.http.csrf import CsrfGuard
from portal.api import ApiProblem
from portal.cookies import Cookies, SignInUnderWay
from portal.provider import Provider, SignInFailed
from portal.rendering import Renderer
from portal.sessions import Sessions
from portal.visits import Visit, Visits

_OURS = re.compile(r"/portal(?:[/?][!#-\[\]-~]{0,2000})?")
START = "/portal"


def routes(
    show: Renderer, visits: Visits, sessions: Sessions, provider: Provider, cookies: Cookies, own_forms: CsrfGuard
) -> APIRouter:
    router = show.router()
    Anyone = Annotated[Visit, Depends(visits.anyone)]

    @router.get("/portal/sign-in")
    def sign_in(next: str = "") -> Response:
        begun = SignInUnderWay.begin(next if _OURS.fullmatch(next) else START)
        response = RedirectResponse(provider.authorization(begun.state, begun.nonce, begun.verifier), 303)
        cookies.give_sign_in(response, begun)
        return response

    @router.get("/portal/callback")
    def callback(request: Request, state: str = "", code: str = "", iss: str = "") -> Response:
        begun = cookies.sign_in_of(request, state)
        if begun is None:
            # Back too late, or twice: who is signed in goes on, everybody else begins again.
            return RedirectResponse(START, 303) if cookies.session_of(request) else _again(show)
        try:
            if not code or not provider.is_itself(iss):
                raise SignInFailed("no code")
            who = provider.exchange(code, begun.nonce, begun.verifier)
        except SignInFailed:
            response = _again(show)
        else:
            _end_former(request)
            response = RedirectResponse(begun.then, 303)
            cookies.give_session(response, sessions.start(who))
        cookies.take_sign_in(response, state)
        return response

    def _end_former(request: Request) -> None:
        former = sessions.find(cookies.session_of(request) or "")
        if former is not None:
            sessions.end(former)

    @router.post("/portal/sign-out", dependencies=[Depends(own_forms)])
    def sign_out(visit: Anyone) -> Response:
        """Ends the provider's session, and with it all that was signed in through it."""
        _end_at_provider(visit, visit.session.provider_session)
        sessions.end(visit.session)
        response = RedirectResponse("/logout", 303)
        cookies.take_session(response)
        return response

    return router


def _end_at_provider(visit: Visit, session_id: UUID) -> None:
    try:
        visit.api.delete(f"/me/sessions/{session_id}")
    except ApiProblem as problem:
        if problem.status != 404:
            raise


def _again(show: Renderer) -> Response:
    return show.stranger("sign_in_failed.html", 400)
