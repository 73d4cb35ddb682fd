"""The routes of OAuth 2.0 and OpenID Connect."""

from fastapi import APIRouter

from access.guard import Guard
from identity.oauth.authorize.api import SessionOf, ShowRefusal, authorization_router
from identity.oauth.discovery import discovery_router
from identity.oauth.introspect.api import introspection_router
from identity.oauth.revoke.api import revocation_router
from identity.oauth.server import AuthorizationServer, TokenEndpoints
from identity.oauth.token.api import token_router
from identity.oauth.userinfo import Users, userinfo_router
from identity.signing_keys.service import SigningKeys


def routes(
    server: AuthorizationServer,
    keys: SigningKeys,
    users: Users,
    session_of: SessionOf,
    show_refusal: ShowRefusal,
    guard: Guard,
    endpoints: TokenEndpoints,
) -> APIRouter:
    """The endpoints that discovery announces, and discovery; sign-out is among the hosted pages."""
    router = APIRouter(tags=["oauth"])
    router.include_router(token_router(endpoints.token))
    router.include_router(introspection_router(endpoints.introspect))
    router.include_router(revocation_router(endpoints.revoke))
    router.include_router(discovery_router(server, keys))
    router.include_router(authorization_router(server.authorization, session_of, show_refusal))
    router.include_router(userinfo_router(users, guard))
    return router
