"""The route of the introspection endpoint, as the OpenAPI document shows it."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from identity.oauth.documents import ERRORS, form
from identity.oauth.introspect.endpoint import IntrospectionEndpoint


class IntrospectionAnswer(BaseModel):
    """The state of a token (RFC 7662 2.2). For an inactive token only `active` is present."""

    model_config = ConfigDict(extra="allow")

    active: bool = Field(
        description="Whether the token is valid now, and visible to the client that asks.", examples=[True]
    )
    scope: str | None = Field(
        default=None, description="The scopes that it has now, space-separated.", examples=["platforms:read"]
    )
    client_id: str | None = Field(
        default=None, description="The client that it was issued to.", examples=["thc_Example0Client00"]
    )
    token_type: str | None = Field(default=None, description="Bearer; absent for a refresh token.", examples=["Bearer"])
    exp: int | None = Field(
        default=None, description="When it expires, in seconds since 1970-01-01 UTC.", examples=[1773673500]
    )
    iat: int | None = Field(
        default=None, description="When it was issued, in seconds since 1970-01-01 UTC.", examples=[1773669900]
    )
    sub: str | None = Field(
        default=None,
        description="The id of the user, or of the client that acts for itself.",
        examples=["thc_Example0Client00"],
    )
    aud: str | None = Field(
        default=None, description="The API that it is for.", examples=["https://tradehall.example/api"]
    )
    iss: str | None = Field(
        default=None, description="The installation that issued it.", examples=["https://tradehall.example"]
    )
    jti: str | None = Field(
        default=None, description="The id of the token.", examples=["591f0b36-e85e-4090-8076-97e1505266a7"]
    )


def introspection_router(endpoint: IntrospectionEndpoint) -> APIRouter:
    router = APIRouter()

    @router.post(
        "/oauth2/introspect",
        operation_id="introspect",
        summary="Check whether a token is valid",
        response_model=IntrospectionAnswer,
        response_model_exclude_unset=True,
        responses=ERRORS,
        openapi_extra=form(["token"], "token_type_hint", "client_id", "client_secret"),
    )
    async def introspect(request: Request) -> Response:
        """Authenticate as a client with a secret. A client sees the tokens of its own organization's clients; all
        other tokens are inactive. A revocation shows within a second. See RFC 7662."""
        return await endpoint(request)

    return router
