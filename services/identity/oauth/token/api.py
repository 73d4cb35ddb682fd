"""The routes of the endpoints that programs call with a form, as the OpenAPI document shows them."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from identity.oauth.token.endpoints import TokenEndpoints


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


def add_token_routes(router: APIRouter, endpoints: TokenEndpoints) -> None:
    """POST at three addresses."""
    errors: dict[int | str, dict[str, Any]] = {400: {"model": OAuthError}, 401: {"model": OAuthError}}
    people = ("code", "redirect_uri", "code_verifier", "refresh_token")
    credentials = ("client_id", "client_secret")
    router.post(
        "/oauth2/token",
        operation_id="token",
        response_model=TokenAnswer,
        responses=errors,
        openapi_extra=form(["grant_type"], *credentials, "scope", *people, grant_type=endpoints.server.grant_types),
    )(endpoints.token)
    router.post(
        "/oauth2/introspect",
        operation_id="introspect",
        response_model=IntrospectionAnswer,
        response_model_exclude_unset=True,
        responses=errors,
        openapi_extra=form(["token"], "token_type_hint", *credentials),
    )(endpoints.introspect)
    router.post(
        "/oauth2/revoke",
        operation_id="revoke",
        response_class=Response,
        responses={
            200: {
                "description": "The token is good for nothing, now or before",
                "content": {"application/json": {"schema": {"type": "object"}}},
            },
            **errors,
        },
        openapi_extra=form(["token"], "token_type_hint", *credentials),
    )(endpoints.revoke)


def form(required: list[str], *optional: str, **choices: Sequence[str]) -> dict[str, Any]:
    """The body in OpenAPI; `choices` are the values that a field may have."""
    properties: dict[str, Any] = {name: {"type": "string"} for name in optional}
    properties |= {name: {"type": "string", "minLength": 1} for name in required}
    for name, values in choices.items():
        properties[name]["enum"] = list(values)
    schema = {"type": "object", "required": required, "properties": properties}
    return {"requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}}
