"""The discovery document (OpenID Connect Discovery 1.0, RFC 8414) and the published keys (RFC 7517)."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from contracts.permissions import Scope
from identity.oauth import userinfo
from identity.oauth.authorize import checks as authorize
from identity.oauth.introspect import endpoint as introspection
from identity.oauth.known_clients import USER_SCOPES
from identity.oauth.logout import checks as logout
from identity.oauth.revoke import endpoint as revocation
from identity.oauth.server import AuthorizationServer
from identity.signing_keys.service import SigningKeys

_CACHED = {"Cache-Control": "public, max-age=60"}


class KeySet(BaseModel):
    """A JSON Web Key Set (RFC 7517)."""

    keys: list[dict[str, Any]] = Field(
        description="The public keys: those in use, the next ones, and those whose tokens may still be valid.",
        examples=[[{"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "an-invented-key"}]],
    )


def metadata(server: AuthorizationServer) -> dict[str, Any]:
    """The same at both well-known addresses; every address in it begins with the issuer, to the letter."""
    issuer = server.issuer
    methods = {method for grant in server.grants for method in grant.auth_methods}
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}{authorize.PATH}",
        "token_endpoint": f"{issuer}/oauth2/token",
        "userinfo_endpoint": f"{issuer}{userinfo.PATH}",
        "introspection_endpoint": f"{issuer}/oauth2/introspect",
        "revocation_endpoint": f"{issuer}/oauth2/revoke",
        "end_session_endpoint": f"{issuer}{logout.PATH}",
        "jwks_uri": f"{issuer}/oauth2/jwks",
        "scopes_supported": [*USER_SCOPES, *map(str, Scope)],
        "response_types_supported": ["code"],
        "response_modes_supported": [*authorize.RESPONSE_MODES],
        "grant_types_supported": sorted(grant.grant_type for grant in server.grants),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": sorted(methods),
        "introspection_endpoint_auth_methods_supported": [*introspection.AUTH_METHODS],
        "revocation_endpoint_auth_methods_supported": [*revocation.AUTH_METHODS],
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": [*authorize.PROMPTS],
        "claims_supported": [
            "iss",
            "sub",
            "aud",
            "exp",
            "iat",
            "auth_time",
            "nonce",
            "at_hash",
            "sid",
            "name",
            "email",
            "email_verified",
        ],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "authorization_response_iss_parameter_supported": True,
    }


def discovery_router(server: AuthorizationServer, keys: SigningKeys) -> APIRouter:
    router = APIRouter()
    document = metadata(server)

    @router.get(
        "/.well-known/openid-configuration",
        operation_id="openid_configuration",
        summary="Get the OpenID Connect configuration",
    )
    async def openid_configuration() -> dict[str, Any]:
        """The addresses and features of this provider. See OpenID Connect Discovery 1.0."""
        return document

    @router.get(
        "/.well-known/oauth-authorization-server",
        operation_id="oauth_authorization_server",
        summary="Get the OAuth 2.0 authorization server metadata",
    )
    async def oauth_authorization_server() -> dict[str, Any]:
        """The same document as the OpenID Connect configuration. See RFC 8414."""
        return document

    @router.get("/oauth2/jwks", operation_id="jwks", summary="Get the keys that verify tokens", response_model=KeySet)
    async def jwks() -> JSONResponse:
        """Verify access tokens with the key of algorithm ES256, ID tokens with RS256. Fetch again for an unknown
        `kid`: keys are rotated."""
        return JSONResponse(keys.jwks(), headers=_CACHED)

    return router
