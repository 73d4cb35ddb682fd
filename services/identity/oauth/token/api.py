"""The route of the token endpoint, as the OpenAPI document shows it."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from identity.oauth.documents import ERRORS, form
from identity.oauth.token.endpoint import TokenEndpoint


class TokenAnswer(BaseModel):
    """Tokens for a client (RFC 6749 5.1)."""

    access_token: str = Field(
        description="A JWT (RFC 9068). Send it as `Authorization: Bearer ...`.",
        examples=["eyJhbGciOiJFUzI1NiJ9.an-invented-token.of-a-program"],
    )
    token_type: str = Field(description="Always Bearer.", examples=["Bearer"])
    expires_in: int = Field(
        description="Lifetime of the access token in seconds: 3600 for a client, 600 for a user.", examples=[3600]
    )
    scope: str = Field(description="The scopes of the access token, space-separated.", examples=["platforms:read"])
    refresh_token: str | None = Field(
        default=None,
        description="Replaces the refresh token before it. For users only, with the scope offline_access.",
        examples=["thrt_an-invented-refresh-token"],
    )
    id_token: str | None = Field(
        default=None,
        description="A JWT that identifies the user (OpenID Connect Core 2). With the scope openid only.",
        examples=["eyJhbGciOiJSUzI1NiJ9.an-invented.id-token"],
    )


def token_router(endpoint: TokenEndpoint) -> APIRouter:
    router = APIRouter()
    parameters = ("client_id", "client_secret", "scope", "code", "redirect_uri", "code_verifier", "refresh_token")

    @router.post(
        "/oauth2/token",
        operation_id="token",
        summary="Request tokens",
        response_model=TokenAnswer,
        responses=ERRORS,
        openapi_extra=form(["grant_type"], *parameters, grant_type=endpoint.grant_types),
    )
    async def token(request: Request) -> Response:
        """Authenticate with HTTP Basic, or with `client_id` and `client_secret` in the form. A client of an
        organization uses `client_credentials`. A program in which users sign in exchanges its code by
        `authorization_code`, and later renews its tokens by `refresh_token`. See RFC 6749, section 3.2."""
        return await endpoint(request)

    return router
