"""The revocation endpoint (RFC 7009): an access token alone, a refresh token with its whole family."""

from datetime import UTC, datetime
from uuid import UUID

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from identity.oauth.client_authentication import ClientAuthentication
from identity.oauth.errors import InvalidGrant, ProtocolError
from identity.oauth.known_clients import ALL_METHODS, KnownClient
from identity.oauth.parameters import form_of_program
from identity.oauth.responses import not_stored
from identity.oauth.revocation_cache import RevocationCache
from identity.oauth.revoke.service import revoke
from identity.oauth.token.refresh_tokens import PREFIX, RefreshTokenStore
from identity.store import IdentityStore
from kit.security.tokens import InvalidToken, Verifier

AUTH_METHODS = ALL_METHODS
_OTHERS = "The token was issued to another client."


class RevocationEndpoint:
    """The hint of the token's type is not needed, and a wrong one is no error (2.1)."""

    def __init__(
        self,
        store: IdentityStore,
        authentication: ClientAuthentication,
        verifier: Verifier,
        families: RefreshTokenStore,
        revocations: RevocationCache,
    ) -> None:
        self._store = store
        self._authentication = authentication
        self._verifier = verifier
        self._families = families
        self._revocations = revocations

    async def __call__(self, request: Request) -> Response:
        """The answer, good or bad; good also for what is no token, or no longer (2.2). Raises RateLimited."""
        try:
            form = await form_of_program(request, required="token")
            client = await self._authentication.client_of(request, form, AUTH_METHODS)
            if form["token"].startswith(PREFIX):
                await run_in_threadpool(self._refresh_token, form["token"], client)
            else:
                await self._access_token(form["token"], client)
        except ProtocolError as error:
            return error.response()
        # The next poll would notice it as well; this way the next answer of this replica agrees with this one.
        await run_in_threadpool(self._revocations.poll)
        return not_stored({})

    async def _access_token(self, value: str, client: KnownClient) -> None:
        try:
            token = await self._verifier.verify(value)
        except InvalidToken:
            return
        if token.claims["client_id"] != client.client_id:
            raise InvalidGrant(_OTHERS)
        expires_at = datetime.fromtimestamp(token.expires_at, UTC)
        await run_in_threadpool(self._store.run, lambda: revoke(self._store, {UUID(token.id): expires_at}))

    def _refresh_token(self, value: str, client: KnownClient) -> None:
        def revoke_family() -> None:
            token = self._families.find(value)
            if token is None:
                return
            if token.client_id != client.client_id:
                raise InvalidGrant(_OTHERS)
            self._families.revoke(token.authorization.family)

        self._store.run(revoke_family)
