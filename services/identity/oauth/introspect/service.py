"""What a token is worth now (RFC 7662), answered from memory for access tokens."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from starlette.concurrency import run_in_threadpool

from identity.oauth.client_cache import ClientCache
from identity.oauth.known_clients import KnownClient, OrganizationClient
from identity.oauth.revocation_cache import Changes
from identity.oauth.token.refresh_tokens import PREFIX, Families
from kit.security.tokens import InvalidToken, Token, Verifier

INACTIVE: Mapping[str, Any] = {"active": False}
_TOLD = ("iss", "sub", "aud", "iat", "jti", "org", "sid", "auth_time")


class _Sessions(Protocol):
    def alive(self, session_id: UUID) -> bool: ...


class Introspection:
    """`clock` answers the time in UTC.

    A client of an organization sees the access tokens of that organization's clients; a program of ours sees
    what was given to itself. Of all others nothing is told, not even that they are tokens (RFC 7662 2.2).
    """

    def __init__(
        self,
        verifier: Verifier,
        changes: Changes,
        clients: ClientCache,
        families: Families,
        sessions: _Sessions,
        clock: Callable[[], datetime],
    ) -> None:
        self._verifier = verifier
        self._changes = changes
        self._clients = clients
        self._families = families
        self._sessions = sessions
        self._clock = clock

    async def answer(self, token: str, asker: KnownClient) -> Mapping[str, Any]:
        """The answer of RFC 7662 2.2. Raises psycopg.OperationalError while the database is away."""
        if token.startswith(PREFIX):
            return await run_in_threadpool(self._refresh_token, token, asker)
        try:
            found = await self._verifier.verify(token)
        except InvalidToken:
            return INACTIVE
        await self._changes.refresh()
        scopes = await self._scopes_seen(found, asker)
        if scopes is None or self._is_over(found):
            return INACTIVE
        return {
            "active": True,
            "scope": " ".join(sorted(scopes)),
            "client_id": found.claims["client_id"],
            "token_type": "Bearer",
            "exp": found.expires_at,
            **{name: found.claims[name] for name in _TOLD if name in found.claims},
        }

    async def _scopes_seen(self, token: Token, asker: KnownClient) -> frozenset[str] | None:
        """What the token is good for; None where the asker may not know, or the client it was given to is gone."""
        client_id = str(token.claims.get("client_id"))
        if "org" not in token.claims:
            return token.scopes if client_id == asker.client_id else None
        if not isinstance(asker, OrganizationClient) or token.claims["org"] != str(asker.organization_id):
            return None
        client = await self._clients.named_in_token(client_id)
        # A token keeps the scopes of its issue; what the client has lost since counts at once.
        return None if client is None else token.scopes & set(client.scopes)

    def _is_over(self, token: Token) -> bool:
        ids = [UUID(str(token.claims[name])) for name in ("jti", "sid") if name in token.claims]
        return token.expires_at <= self._clock().timestamp() or self._changes.has_ended(*ids)

    def _refresh_token(self, token: str, asker: KnownClient) -> Mapping[str, Any]:
        found = self._families.look_at(token)
        if found is None or not found.check_client(asker) or found.used_at is not None:
            return INACTIVE
        who = found.sign_in
        if not self._families.is_good(found) or not self._sessions.alive(who.session_id):
            return INACTIVE
        return {
            "active": True,
            "scope": found.scope,
            "client_id": found.client_id,
            "exp": int(found.expires_at.timestamp()),
            "sub": str(who.user_id),
            "sid": str(who.session_id),
            "auth_time": int(who.signed_in_at.timestamp()),
        }
