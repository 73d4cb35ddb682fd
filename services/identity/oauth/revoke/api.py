"""The route of the revocation endpoint, as the OpenAPI document shows it."""

from fastapi import APIRouter, Request, Response

from identity.oauth.documents import ERRORS, form
from identity.oauth.revoke.endpoint import RevocationEndpoint


def revocation_router(endpoint: RevocationEndpoint) -> APIRouter:
    router = APIRouter()

    @router.post(
        "/oauth2/revoke",
        operation_id="revoke",
        summary="Revoke a token",
        response_class=Response,
        responses={
            200: {
                "description": "The token is not valid any more, or never was",
                "content": {"application/json": {"schema": {"type": "object"}}},
            },
            **ERRORS,
        },
        openapi_extra=form(["token"], "token_type_hint", "client_id", "client_secret"),
    )
    async def revoke(request: Request) -> Response:
        """Authenticate as the client that the token was issued to. A refresh token is revoked with all tokens of the
        same sign-in; an access token alone. See RFC 7009."""
        return await endpoint(request)

    return router
