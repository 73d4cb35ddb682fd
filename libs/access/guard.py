"""FastAPI dependencies that declare in a route's signature which principals may call it."""

from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from typing import Annotated, Any, LiteralString
from uuid import UUID

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from access.checks import OVER, Access, OrgPrincipal, UserRequired
from access.principal import Principal
from access.replicas import ENDED, ended_by
from contracts import rpc
from contracts.permissions import Grant
from kit.context import set_cause
from kit.db.database import Database
from kit.db.reads import Reads
from kit.errors import Unauthenticated, Unavailable
from kit.messaging.bus import Bus
from kit.security.tokens import InvalidToken, Verifier

_documented = HTTPBearer(bearerFormat="JWT", auto_error=False, description="An access token of a person or a client")


def asking_verifier(issuer: str, bus: Bus, database: Database) -> Verifier:
    """The verifier of every service but the issuer: asks it for the keys over the bus, and keeps the last set."""

    async def fetch() -> Mapping[str, Any]:
        reply = await bus.ask(rpc.JWKS.subject, rpc.JwksRequest(), rpc.JWKS.reply)
        if reply.ok is None:
            raise Unavailable
        return {"keys": list(reply.ok.keys)}

    return Verifier(issuer, f"{issuer}/api", fetch, database)


class Guard:
    """`guard.anyone`, `guard.user`, `guard.require(permission)` and `guard.require_on_platform(permission)` are
    dependencies. With `reads`, of a database with `access.replicas`, a person's session is looked up without a thread;
    with `granted` too what they hold: a query for the text of the grant of `%(user)s` in `%(org)s`."""

    def __init__(
        self, verifier: Verifier, access: Access, reads: Reads | None = None, granted: LiteralString | None = None
    ) -> None:
        self._verifier = verifier
        self.access = access
        self._reads = reads
        self._grant_query = None if granted is None else f"SELECT EXISTS ({ENDED}), ({granted})"

    async def anyone(
        self, request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Depends(_documented)] = None
    ) -> Principal:
        """The principal of a valid token. Raises Unauthenticated or InvalidToken."""
        principal = await self.principal(request)
        await self._alive(principal)
        return principal

    async def user(
        self, request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Depends(_documented)] = None
    ) -> Principal:
        """A user with an active session. Raises UserRequired for a client."""
        principal = await self.principal(request)
        if principal.user_id is None:
            raise UserRequired
        await self._alive(principal)
        return principal

    def require(self, permission: str | None, *, fresh: bool = False) -> Callable[..., Awaitable[OrgPrincipal]]:
        """A member or client of the organization `{org}` in the path that holds the permission (None: any)."""

        async def acting(
            request: Request,
            org: UUID,
            _: Annotated[HTTPAuthorizationCredentials | None, Depends(_documented)] = None,
        ) -> OrgPrincipal:
            principal = await self.principal(request)
            grant = await self._grant_at_hand(principal, org)
            known = grant and self.access.sufficient(principal, org, grant, permission, fresh=fresh)
            if known:
                return known

            def check() -> OrgPrincipal:
                self.access.alive(principal)
                return self.access.acting(principal, org, permission, fresh=fresh)

            return await run_in_threadpool(check)

        return acting

    def require_on_platform(
        self, permission: str, *, scope: str | None = None, fresh: bool = False
    ) -> Callable[..., Awaitable[OrgPrincipal]]:
        """As `require`, on the platform `{platform}` in the path: NotFound for one beyond the principal's limits.

        `scope` is what a client needs where that is not the permission that a member needs.
        """

        async def acting(
            request: Request,
            org: UUID,
            platform: UUID,
            _: Annotated[HTTPAuthorizationCredentials | None, Depends(_documented)] = None,
        ) -> OrgPrincipal:
            principal = await self.principal(request)
            needed = permission if scope is None or principal.client_id is None else scope

            def check() -> OrgPrincipal:
                self.access.alive(principal)
                return self.access.acting(principal, org, needed, platform=platform, fresh=fresh)

            return await run_in_threadpool(check)

        return acting

    async def _grant_at_hand(self, principal: Principal, organization_id: UUID) -> Grant | None:
        """The grant of a user, found without a thread; None where that is not enough. Raises InvalidToken."""
        if self._reads is None or self._grant_query is None or principal.user_id is None:
            return None
        asked = {**ended_by(principal), "org": organization_id, "user": principal.user_id}
        [(ended, granted)] = await self._reads.all(self._grant_query, asked)
        if ended:
            raise InvalidToken(OVER)
        return None if granted is None else _grant(granted)

    async def _alive(self, principal: Principal) -> None:
        if self._reads is None or principal.client_id is not None:
            await run_in_threadpool(self.access.alive, principal)
        elif await self._reads.all(ENDED, ended_by(principal)):
            raise InvalidToken(OVER)

    async def principal(self, request: Request) -> Principal:
        """The principal of a token, by its signature alone. Raises Unauthenticated or InvalidToken.

        The caller checks for revocation (`Access.alive`), as `access.replicas.ENDED` does.
        """
        scheme, token = get_authorization_scheme_param(request.headers.get("authorization"))
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated
        principal = Principal.of(await self._verifier.verify(token))
        set_cause(actor=principal.id)
        return principal


@lru_cache(4096)
def _grant(stored: str) -> Grant:
    """Cached: many members have the same few grants."""
    return Grant.model_validate_json(stored)
