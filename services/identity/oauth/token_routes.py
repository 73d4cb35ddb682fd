"""The endpoints that programs call with a form: token, introspection, revocation."""

from collections.abc import Callable
from functools import partial
from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Error
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response

from identity.oauth.changes import Changes
from identity.oauth.families import PREFIX
from identity.oauth.grants.client_credentials import ClientCredentialsGrant
from identity.oauth.introspection import Introspection
from identity.oauth.parameters import form_parameters
from identity.oauth.request import Request
from identity.oauth.server import AuthorizationServer
from kit.tokens import InvalidToken, Token, Verifier

AddressOf = Callable[[HttpRequest], str]
"""The caller's IP address."""

SECRET_METHODS = ("client_secret_basic", "client_secret_post")


class TokenAnswer(BaseModel):
    """RFC 6749 5.1. `expires_in` is in seconds; people's tokens come with a refresh token for the scope
    offline_access and an ID token for openid."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str
    refresh_token: str | None = None
    id_token: str | None = None


class OAuthError(BaseModel):
    """RFC 6749 5.2."""

    error: str
    error_description: str | None = None


class IntrospectionAnswer(BaseModel):
    """RFC 7662 2.2. All but `active` is left out for a token that is no longer good, or not the asker's to know."""

    model_config = ConfigDict(extra="allow")

    active: bool
    scope: str | None = None
    client_id: str | None = None
    token_type: str | None = None
    exp: int | None = None
    iat: int | None = None
    sub: str | None = None
    aud: str | None = None
    iss: str | None = None
    jti: str | None = None


def add_token_routes(
    router: APIRouter,
    server: AuthorizationServer,
    introspection: Introspection,
    verifier: Verifier,
    changes: Changes,
    address_of: AddressOf,
) -> None:
    """What stands in the query counts for nothing here."""
    errors: dict[int | str, dict[str, Any]] = {400: {"model": OAuthError}, 401: {"model": OAuthError}}

    @router.post(
        "/oauth2/token",
        operation_id="token",
        response_model=TokenAnswer,
        responses=errors,
        openapi_extra=_form(
            ["grant_type"],
            "client_id",
            "client_secret",
            "scope",
            "code",
            "redirect_uri",
            "code_verifier",
            "refresh_token",
            grant_type=server.grant_types,
        ),
    )
    async def token(request: HttpRequest) -> Response:
        """RFC 6749 3.2: client_credentials, authorization_code and refresh_token."""
        try:
            asked = await _asked(server, request, address_of, needed="grant_type")
        except OAuth2Error as error:
            return _refused(server, error)
        if asked.payload.grant_type == ClientCredentialsGrant.GRANT_TYPE:
            return server.respond(asked)
        return await run_in_threadpool(server.respond_in_transaction, asked)

    @router.post(
        "/oauth2/introspect",
        operation_id="introspect",
        response_model=IntrospectionAnswer,
        response_model_exclude_unset=True,
        responses=errors,
        openapi_extra=_form(["token"], "token_type_hint", "client_id", "client_secret"),
    )
    async def introspect(request: HttpRequest) -> Response:
        """RFC 7662. A client sees tokens of its own organization; all others are inactive."""
        try:
            asked = await _asked(server, request, address_of, needed="token")
            asker = server.authenticate_client(asked, SECRET_METHODS, "introspection")
        except OAuth2Error as error:
            return _refused(server, error)
        return JSONResponse(dict(await introspection.answer(asked.form["token"], asker)))

    @router.post(
        "/oauth2/revoke",
        operation_id="revoke",
        response_class=Response,
        responses={200: {"description": "The token is good for nothing, now or before"}, **errors},
        openapi_extra=_form(["token"], "token_type_hint", "client_id", "client_secret"),
    )
    async def revoke(request: HttpRequest) -> Response:
        """RFC 7009. A refresh token goes with all tokens of its authorization."""
        try:
            asked = await _asked(server, request, address_of, needed="token")
        except OAuth2Error as error:
            return _refused(server, error)
        asked.access_token = await _access_token(verifier, asked.form["token"])
        answer = await run_in_threadpool(server.revoke, asked)
        # Noticed at the next look anyhow; what this replica says next should agree with what it said here.
        await run_in_threadpool(changes.look)
        return answer


async def _asked(server: AuthorizationServer, request: HttpRequest, address_of: AddressOf, *, needed: str) -> Request:
    """The request with the client that it names. Raises OAuth2Error."""
    asked = Request(request.method, await form_parameters(request), request.headers, partial(address_of, request))
    if asked.payload.repeated:
        raise InvalidRequestError("A parameter is given more than once.")
    if asked.payload.unprintable:
        raise InvalidRequestError("A parameter holds a control character.")
    if needed not in asked.form:
        raise InvalidRequestError(f"Missing '{needed}' in request.")
    if (credentials := asked.credentials).client_id not in server.first_party:
        asked.organization_client = await server.organization_clients.current(credentials.client_id, credentials.secret)
    return asked


async def _access_token(verifier: Verifier, token: str) -> Token | None:
    if token.startswith(PREFIX):
        return None
    try:
        return await verifier.verify(token)
    except InvalidToken:
        return None


def _refused(server: AuthorizationServer, error: OAuth2Error) -> Response:
    return server.handle_response(*error())


def _form(required: list[str], *optional: str, **choices: list[str]) -> dict[str, Any]:
    """The body in OpenAPI; `choices` are the values that a field may have."""
    properties: dict[str, Any] = {name: {"type": "string"} for name in (*required, *optional)}
    for name, values in choices.items():
        properties[name]["enum"] = values
    schema = {"type": "object", "required": required, "properties": properties}
    return {"requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}}
