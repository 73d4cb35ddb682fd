"""The routes of OAuth 2.0 and OpenID Connect."""

from collections.abc import Callable
from typing import Annotated, Any, Protocol
from urllib.parse import urlencode
from uuid import UUID

from authlib.oauth2.rfc6749 import OAuth2Error
from fastapi import APIRouter, Depends
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response

from access.checks import PersonNeeded
from access.guard import Guard
from access.principal import Principal
from identity.oauth import discovery, userinfo
from identity.oauth.authorize.checks import PATH, RESPONSE_MODES, SignedIn
from identity.oauth.errors import PageNeeded
from identity.oauth.parameters import Pairs, form_parameters, query_parameters
from identity.oauth.request import Request
from identity.oauth.server import AuthorizationServer, Redirect
from identity.oauth.token.api import OAuthError, add_token_routes, form
from identity.oauth.token.endpoints import TokenEndpoints
from identity.signing_keys.service import SigningKeys
from kit.errors import Refusal
from kit.http.openapi import refusals

_PUBLIC = {"Cache-Control": "public, max-age=60"}


class People(Protocol):
    """What userinfo asks of the accounts."""

    def find(self, user_id: UUID) -> userinfo.Person: ...


class UserInfo(BaseModel):
    """`name` takes the scope profile; `email` and `email_verified` take email."""

    sub: str
    name: str | None = None
    email: str | None = None
    email_verified: bool | None = None


class KeySet(BaseModel):
    """RFC 7517."""

    keys: list[dict[str, Any]]


SessionOf = Callable[[HttpRequest], SignedIn | None]
"""The session of the request's cookie; runs in a thread."""

ShowRefusal = Callable[[Refusal], Response]
"""The page for what cannot be told to a client."""


class AuthorizationRefused(Refusal):
    code = "authorization-refused"
    title = "The program that sent you here asked in a way that is not accepted"


def routes(
    server: AuthorizationServer,
    keys: SigningKeys,
    people: People,
    session_of: SessionOf,
    show_refusal: ShowRefusal,
    guard: Guard,
    endpoints: TokenEndpoints,
) -> APIRouter:
    """The endpoints that discovery announces, and discovery; signing out is a page, beside the other pages."""
    router = APIRouter(tags=["oauth"])
    add_token_routes(router, endpoints)
    _published(router, server, keys)
    _authorize(router, server, session_of, show_refusal)
    _userinfo(router, people, guard)
    return router


def _published(router: APIRouter, server: AuthorizationServer, keys: SigningKeys) -> None:
    document = discovery.metadata(server)

    @router.get("/.well-known/openid-configuration", operation_id="openid_configuration")
    async def openid_configuration() -> dict[str, Any]:
        """OpenID Connect Discovery 1.0."""
        return document

    @router.get("/.well-known/oauth-authorization-server", operation_id="oauth_authorization_server")
    async def oauth_authorization_server() -> dict[str, Any]:
        """RFC 8414."""
        return document

    @router.get("/oauth2/jwks", operation_id="jwks", response_model=KeySet)
    async def jwks() -> JSONResponse:
        """The keys that access tokens (ES256) and ID tokens (RS256) are verified with."""
        return JSONResponse(keys.jwks(), headers=_PUBLIC)


def _authorize(
    router: APIRouter,
    server: AuthorizationServer,
    session_of: SessionOf,
    show_refusal: ShowRefusal,
) -> None:
    responses: dict[int | str, dict[str, Any]] = {
        200: {"description": "A form that the browser posts to the client, with response_mode=form_post"},
        303: {"description": "To the client, or to a page where the person signs in"},
        400: {"model": OAuthError},
    }

    def answer(request: HttpRequest, pairs: Pairs) -> Response:
        asked = Request(request.method, pairs, request.headers)
        session = session_of(request)
        if session is None and request.method == "POST":
            # With the form of another site our cookie does not come (SameSite=Lax); by GET it comes along.
            return Redirect(f"{PATH}?{urlencode(pairs)}")
        try:
            return server.authorize(asked, session)
        except PageNeeded as page:
            return Redirect(page.location)

    def refused(request: HttpRequest, error: OAuth2Error) -> Response:
        """There is no client to be told: to a browser it is a page, to a program RFC 6749's JSON."""
        if "text/html" in request.headers.get("accept", ""):
            return show_refusal(AuthorizationRefused(error.description))
        return server.handle_response(*error())

    body = form(
        ["response_type", "client_id", "redirect_uri", "code_challenge", "code_challenge_method"],
        *("scope", "state", "nonce", "response_mode", "prompt", "max_age", "login_hint", "id_token_hint"),
        response_type=["code"],
        code_challenge_method=["S256"],
        response_mode=RESPONSE_MODES,
    )
    schema = body["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    query = [
        {"name": name, "in": "query", "required": name in schema["required"], "schema": value}
        for name, value in schema["properties"].items()
    ]

    @router.get(
        PATH,
        operation_id="authorize",
        status_code=303,
        response_class=Response,
        responses=responses,
        openapi_extra={"parameters": query},
    )
    async def authorize(request: HttpRequest) -> Response:
        """RFC 6749 4.1.1 with PKCE; OpenID Connect Core 3.1.2."""
        try:
            return await run_in_threadpool(answer, request, query_parameters(request))
        except OAuth2Error as error:
            return refused(request, error)

    @router.post(
        PATH,
        operation_id="authorize_by_form",
        status_code=303,
        response_class=Response,
        responses=responses,
        openapi_extra=body,
    )
    async def authorize_by_form(request: HttpRequest) -> Response:
        """The same with the parameters in the body."""
        try:
            return await run_in_threadpool(answer, request, await form_parameters(request))
        except OAuth2Error as error:
            return refused(request, error)


def _userinfo(router: APIRouter, people: People, guard: Guard) -> None:
    SignedInPerson = Annotated[Principal, Depends(guard.person)]
    refused = refusals(PersonNeeded, userinfo.InsufficientScope)

    def answer(caller: Principal) -> dict[str, Any]:
        assert caller.user_id is not None
        return userinfo.claims(people.find(caller.user_id), caller.scopes)

    @router.get(
        "/oauth2/userinfo",
        operation_id="userinfo",
        response_model=UserInfo,
        response_model_exclude_unset=True,
        responses=refused,
    )
    def get_userinfo(caller: SignedInPerson) -> dict[str, Any]:
        """OpenID Connect Core 5.3."""
        return answer(caller)

    @router.post(
        "/oauth2/userinfo",
        operation_id="userinfo_by_post",
        response_model=UserInfo,
        response_model_exclude_unset=True,
        responses=refused,
    )
    def post_userinfo(caller: SignedInPerson) -> dict[str, Any]:
        """The same; the token stands in the Authorization header here too."""
        return answer(caller)
