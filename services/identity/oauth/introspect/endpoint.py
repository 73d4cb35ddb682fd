"""The introspection endpoint (RFC 7662): whether a token is valid now; access tokens are checked in memory."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from identity.oauth.client_authentication import ClientAuthentication
from identity.oauth.client_cache import ClientCache
from identity.oauth.errors import ProtocolError
from identity.oauth.known_clients import SECRET_METHODS, KnownClient, OrganizationClient
from identity.oauth.parameters import form_of_program
from identity.oauth.responses import not_stored
from identity.oauth.revocation_cache import RevocationCache
from identity.oauth.sessions import Sessions
from identity.oauth.token.refresh_tokens import PREFIX, RefreshTokenStore
from kit.security.tokens import InvalidToken, Token, Verifier

AUTH_METHODS = SECRET_METHODS
INACTIVE: Mapping[str, Any] = {"active": False}
_SHOWN = ("iss", "sub", "aud", "iat", "jti", "org", "sid", "auth_time")


class IntrospectionEndpoint:
    """`clock` returns the time in UTC.

    A client of an organization sees the access tokens of that organization's clients; a first-party program sees
    the tokens that were issued to itself. All others are inactive, whether they are tokens or not (RFC 7662 2.2).
    """

    def __init__(
        self,
        authentication: ClientAuthentication,
        verifier: Verifier,
        revocations: RevocationCache,
        clients: ClientCache,
        families: RefreshTokenStore,
        sessions: Sessions,
        clock: Callable[[], datetime],
    ) -> None:
        self._authentication = authentication
        self._verifier = verifier
        self._revocations = revocations
        self._clients = clients
        self._families = families
        self._sessions = sessions
        self._clock = clock

    async def __call__(self, request: Request) -> Response:
        """The answer, good or bad. Raises RateLimited, and psycopg.OperationalError while the database is away."""
        try:
            form = await form_of_program(request, required="token")
            asker = await self._authentication.client_of(request, form, AUTH_METHODS)
        except ProtocolError as error:
            return error.response()
        token = form["token"]
        if token.startswith(PREFIX):
            return not_stored(await run_in_threadpool(self._refresh_token, token, asker))
        return not_stored(await self._access_token(token, asker))

    async def _access_token(self, token: str, asker: KnownClient) -> Mapping[str, Any]:
        try:
            found = await self._verifier.verify(token)
        except InvalidToken:
            return INACTIVE
        await self._revocations.refresh()
        scopes = await self._scopes_seen(found, asker)
        if scopes is None or self._is_over(found):
            return INACTIVE
        return {
            "active": True,
            "scope": " ".join(sorted(scopes)),
            "client_id": found.claims["client_id"],
            "token_type": "Bearer",
            "exp": found.expires_at,
            **{name: found.claims[name] for name in _SHOWN if name in found.claims},
        }

    async def _scopes_seen(self, token: Token, asker: KnownClient) -> frozenset[str] | None:
        """The scopes that the token is valid for; None where the asker may not see it, or its client is gone."""
        client_id = str(token.claims.get("client_id"))
        if "org" not in token.claims:
            return token.scopes if client_id == asker.client_id else None
        if not isinstance(asker, OrganizationClient) or token.claims["org"] != str(asker.organization_id):
            return None
        client = await self._clients.named_in_token(client_id)
        # A token keeps the scopes of its issue; those that the client has lost since are lost at once.
        return None if client is None else token.scopes & set(client.scopes)

    def _is_over(self, token: Token) -> bool:
        ids = [UUID(str(token.claims[name])) for name in ("jti", "sid") if name in token.claims]
        return token.expires_at <= self._clock().timestamp() or self._revocations.is_revoked(*ids)

    def _refresh_token(self, token: str, asker: KnownClient) -> Mapping[str, Any]:
        found = self._families.peek(token)
        if found is None or found.client_id != asker.client_id or found.used_at is not None:
            return INACTIVE
        authorization = found.authorization
        if not self._families.is_valid(found) or not self._sessions.alive(authorization.session_id):
            return INACTIVE
        return {
            "active": True,
            "scope": found.scope,
            "client_id": found.client_id,
            "exp": int(found.expires_at.timestamp()),
            "sub": str(authorization.user_id),
            "sid": str(authorization.session_id),
            "auth_time": int(authorization.signed_in_at.timestamp()),
        }
