"""Sign in at the provider, and sign out at the provider and here."""

import re
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from kit.http.csrf import CsrfGuard
from portal.layout.api import ApiProblem
from portal.layout.cookies import Cookies, PendingSignIn
from portal.layout.page_requests import PageRequest, PageRequests
from portal.layout.provider import Provider, SignInFailed
from portal.layout.rendering import Renderer
from portal.layout.sessions import Sessions

START = "/portal"
_OWN_PATH = re.compile(r"/portal(?:[/?][!#-\[\]-~]{0,2000})?")


def routes(
    show: Renderer, requests: PageRequests, csrf: CsrfGuard, sessions: Sessions, provider: Provider, cookies: Cookies
) -> APIRouter:
    router = show.router()
    SignedIn = Annotated[PageRequest, Depends(requests.signed_in)]

    @router.get("/portal/sign-in")
    def sign_in(next: str = "") -> Response:
        pending = PendingSignIn.begin(next if _OWN_PATH.fullmatch(next) else START)
        response = RedirectResponse(provider.authorization(pending.state, pending.nonce, pending.verifier), 303)
        cookies.set_sign_in(response, pending)
        return response

    @router.get("/portal/callback")
    def callback(request: Request, state: str = "", code: str = "", iss: str = "") -> Response:
        pending = cookies.sign_in_of(request, state)
        if pending is None:
            # The callback came too late, or a second time: keep a session that exists, else offer a new sign-in.
            return RedirectResponse(START, 303) if cookies.session_of(request) else _failed(show)
        try:
            if not code or not provider.is_issuer(iss):
                raise SignInFailed("no code")
            signed_in = provider.exchange(code, pending.nonce, pending.verifier)
        except SignInFailed:
            response = _failed(show)
        else:
            _revoke_previous(request)
            response = RedirectResponse(pending.then, 303)
            cookies.set_session(response, sessions.start(signed_in))
        cookies.delete_sign_in(response, state)
        return response

    def _revoke_previous(request: Request) -> None:
        previous = sessions.find(cookies.session_of(request) or "")
        if previous is not None:
            sessions.revoke(previous)

    @router.post("/portal/sign-out", dependencies=[Depends(csrf)])
    def sign_out(request: SignedIn) -> Response:
        """Revokes the provider's session, and with it every session that was started through it."""
        _revoke_at_provider(request, request.session.provider_session)
        sessions.revoke(request.session)
        response = RedirectResponse("/logout", 303)
        cookies.delete_session(response)
        return response

    return router


def _revoke_at_provider(request: PageRequest, session_id: UUID) -> None:
    try:
        request.api.delete(f"/me/sessions/{session_id}")
    except ApiProblem as problem:
        if problem.status != 404:
            raise


def _failed(show: Renderer) -> Response:
    return show.anonymous("sign_in/failed.html", 400)
