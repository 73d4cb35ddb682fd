"""FastAPI dependencies that declare in a route's signature which principals may call it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from access.checks import Access, OrgPrincipal, UserRequired
from access.principal import Principal
from contracts import rpc
from contracts.permissions import Grant, Permission, Scope
from kit.context import set_cause
from kit.db.database import Database
from kit.errors import Unauthenticated, Unavailable
from kit.messaging.bus import Bus
from kit.security.tokens import Verifier

T = TypeVar("T")
_documented = HTTPBearer(bearerFormat="JWT", auto_error=False, description="An access token of a user or a client")


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
    dependencies."""

    def __init__(self, verifier: Verifier, access: Access) -> None:
        self._verifier = verifier
        self.access = access

    async def anyone(
        self, request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Depends(_documented)] = None
    ) -> Principal:
        """The principal of a valid token. Raises Unauthenticated or InvalidToken."""
        principal = await self.principal(request)
        await run_in_threadpool(self.access.alive, principal)
        return principal

    async def user(
        self, request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Depends(_documented)] = None
    ) -> Principal:
        """A user with an active session. Raises UserRequired for a client."""
        principal = await self.principal(request)
        if principal.user_id is None:
            raise UserRequired
        await run_in_threadpool(self.access.alive, principal)
        return principal

    def require(
        self, permission: Permission | Scope | None, *, fresh: bool = False
    ) -> Callable[..., Awaitable[OrgPrincipal]]:
        """A member or client of the organization `{org}` in the path that holds the permission (None: any)."""

        async def acting(
            request: Request,
            org: UUID,
            _: Annotated[HTTPAuthorizationCredentials | None, Depends(_documented)] = None,
        ) -> OrgPrincipal:
            return await self._acting(await self.principal(request), org, permission, fresh=fresh)

        return acting

    def require_on_platform(
        self, permission: Permission, *, scope: Scope | None = None, fresh: bool = False
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
            return await self._acting(principal, org, needed, platform=platform, fresh=fresh)

        return acting

    async def acting_on(
        self,
        principal: Principal,
        organization_id: UUID,
        permission: Permission,
        read: Callable[[], Awaitable[tuple[Grant | None, T]]],
        *,
        fresh: bool = False,
    ) -> tuple[OrgPrincipal, T]:
        """What `read` gives, and the principal, who holds the permission; for the owner of memberships only.

        `read` is one query: the grant of a user whose session and token have not ended, and what is asked for. Where it
        gives no grant, the principal is checked as everywhere (the check may refuse, or make the user's first
        organization), and `read` is called again. Raises what `require` raises.
        """
        known, found = await read()
        if known is not None:
            return self.access.acting(principal, organization_id, permission, fresh=fresh, known=known), found
        acting = await self._acting(principal, organization_id, permission, fresh=fresh)
        _, found = await read()
        return acting, found

    async def _acting(
        self,
        principal: Principal,
        organization_id: UUID,
        permission: Permission | Scope | None,
        *,
        platform: UUID | None = None,
        fresh: bool,
    ) -> OrgPrincipal:
        def check() -> OrgPrincipal:
            self.access.alive(principal)
            return self.access.acting(principal, organization_id, permission, platform=platform, fresh=fresh)

        return await run_in_threadpool(check)

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
