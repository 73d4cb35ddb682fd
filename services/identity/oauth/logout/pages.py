"""The logout endpoint: a program asks to sign the user out (OpenID Connect RP-Initiated Logout 1.0)."""

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from identity.oauth.errors import ProtocolError
from identity.oauth.id_token_hints import Hints
from identity.oauth.known_clients import FirstPartyClient
from identity.oauth.logout.checks import PATH, Logout, LogoutRefused, checked
from identity.oauth.parameters import form_parameters, query_parameters
from identity.pages.rendering import Renderer, go_to
from identity.sessions.cookies import SessionCookie
from identity.sessions.service import Session, Sessions
from identity.users.service import Users
from kit.context import acting
from kit.http.csrf import CsrfGuard

_CONFIRMED = "confirmed"


def client_logout_router(
    show: Renderer,
    own_forms: CsrfGuard,
    cookie: SessionCookie,
    users: Users,
    sessions: Sessions,
    hints: Hints,
    clients: Mapping[str, FirstPartyClient],
) -> APIRouter:
    router = show.router()

    @router.get(PATH)
    def asked(request: Request) -> Response:
        """Sign out at once with an ID token of this session; otherwise ask the user first."""
        logout = _checked(request)
        session = cookie.session_of(request)
        if session is not None and (logout.hint is None or logout.hint.session_id != session.id):
            return confirmation(session, logout)
        return end(session, logout)

    @router.post(PATH)
    async def posted(request: Request) -> Response:
        """Our own confirmation; or a program's form, which came without our cookie: a redirect by GET brings it."""
        try:
            pairs = await form_parameters(request)
        except ProtocolError as error:
            raise LogoutRefused(error.description) from error
        given = [pair for pair in pairs if pair[0] != _CONFIRMED]
        if len(given) == len(pairs):
            return go_to(f"{PATH}?{urlencode(pairs)}")
        await own_forms(request)
        logout = checked(given, hints, clients)
        return await run_in_threadpool(lambda: end(cookie.session_of(request), logout))

    def _checked(request: Request) -> Logout:
        try:
            return checked(query_parameters(request), hints, clients)
        except ProtocolError as error:
            raise LogoutRefused(error.description) from error

    def confirmation(session: Session, logout: Logout) -> Response:
        leads_to = logout.given.get("post_logout_redirect_uri")
        return show.show(
            "client_logout.html",
            redirect_origin=_origin(leads_to) if leads_to else None,
            person=users.find(session.user_id),
            fields=[*logout.parameters.pairs, (_CONFIRMED, "yes")],
            action=PATH,
        )

    def end(session: Session | None, logout: Logout) -> Response:
        if session is not None:
            with acting(actor=str(session.user_id)):
                sessions.revoke(session.id)
        response = go_to(logout.leads_to) if logout.leads_to else show.show("signed_out.html")
        cookie.take_away(response)
        return response

    return router


def _origin(uri: str) -> str:
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}"
