"""The routes of the authorization endpoint."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from identity.oauth.authorize.checks import PATH, RESPONSE_MODES, SignedIn
from identity.oauth.authorize.endpoint import AuthorizationEndpoint
from identity.oauth.documents import OAuthError, form, query
from identity.oauth.errors import ProtocolError
from identity.oauth.parameters import Pairs, form_parameters, query_parameters
from identity.oauth.responses import Redirect
from kit.errors import Refusal

SessionOf = Callable[[Request], SignedIn | None]
"""The session of the request's cookie; runs in a thread."""

ShowRefusal = Callable[[Refusal], Response]
"""The page for an error that no client may receive."""

_REQUIRED = ["response_type", "client_id", "redirect_uri", "code_challenge", "code_challenge_method"]
_OPTIONAL = ("scope", "state", "nonce", "response_mode", "prompt", "max_age", "login_hint", "id_token_hint")
_CHOICES = {"response_type": ["code"], "code_challenge_method": ["S256"], "response_mode": RESPONSE_MODES}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "A form that the browser posts to the client, with response_mode=form_post"},
    303: {"description": "To the client with a code or an error, or to a page where the user signs in"},
    400: {"model": OAuthError, "description": "The client or its redirect_uri is not registered: invalid_request."},
}


class AuthorizationRefused(Refusal):
    code = "authorization-refused"
    title = "The program that sent you here made a request that is not accepted"


def authorization_router(
    endpoint: AuthorizationEndpoint, session_of: SessionOf, show_refusal: ShowRefusal
) -> APIRouter:
    router = APIRouter()

    def respond(request: Request, pairs: Pairs) -> Response:
        session = session_of(request)
        if session is None and request.method == "POST":
            # The form of another site comes without our cookie (SameSite=Lax); a redirect by GET brings it.
            return Redirect(f"{PATH}?{urlencode(pairs)}")
        return endpoint.respond(pairs, session)

    def refused(request: Request, error: ProtocolError) -> Response:
        """A page for a browser, RFC 6749's JSON for a program."""
        if "text/html" in request.headers.get("accept", ""):
            return show_refusal(AuthorizationRefused(error.description))
        return error.response()

    @router.get(
        PATH,
        operation_id="authorize",
        summary="Sign a user in for a client",
        status_code=303,
        response_class=Response,
        responses=_RESPONSES,
        openapi_extra=query(_REQUIRED, *_OPTIONAL, **_CHOICES),
    )
    async def authorize(request: Request) -> Response:
        """Send the user's browser here. It comes back to `redirect_uri` with `code`, `state` and `iss` (RFC 9207), or
        with `error`. PKCE with S256 is required. See RFC 6749, section 4.1.1, and OpenID Connect Core, section
        3.1.2."""
        try:
            return await run_in_threadpool(respond, request, query_parameters(request))
        except ProtocolError as error:
            return refused(request, error)

    @router.post(
        PATH,
        operation_id="authorize_by_form",
        summary="Sign a user in for a client, by a form",
        status_code=303,
        response_class=Response,
        responses=_RESPONSES,
        openapi_extra=form(_REQUIRED, *_OPTIONAL, **_CHOICES),
    )
    async def authorize_by_form(request: Request) -> Response:
        """The same as by GET, with the parameters in the body."""
        try:
            return await run_in_threadpool(respond, request, await form_parameters(request))
        except ProtocolError as error:
            return refused(request, error)

    return router
