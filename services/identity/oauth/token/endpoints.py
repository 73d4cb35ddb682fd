"""What programs call with a form: tokens, introspection, revocation."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Error
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from identity.oauth.errors import InvalidClient
from identity.oauth.parameters import form_parameters
from identity.oauth.request import Request
from identity.oauth.revocation_cache import Changes
from identity.oauth.server import AuthorizationServer
from identity.oauth.token import client_credentials
from identity.oauth.token.jwt import compact_json
from identity.oauth.token.refresh_tokens import PREFIX
from kit.security.rate_limiter import FailureThrottle, Limit
from kit.security.tokens import InvalidToken, Token, Verifier

AddressOf = Callable[[HttpRequest], str]
"""The caller's IP address."""

WRONG_CREDENTIALS = Limit("wrong-client-credentials", 100, timedelta(seconds=36))
"""Of a client at a network address. No secret can be guessed; a program that repeats a wrong one is told to wait."""
SECRET_METHODS = ("client_secret_basic", "client_secret_post")


class TokenEndpoints:
    """What stands in the query counts for nothing here. `misses` are credentials that were wrong."""

    def __init__(
        self,
        server: AuthorizationServer,
        verifier: Verifier,
        changes: Changes,
        address_of: AddressOf,
        misses: FailureThrottle,
    ) -> None:
        self.server = server
        self._introspection = server.introspection(verifier, changes)
        self._verifier = verifier
        self._changes = changes
        self._address_of = address_of
        self._misses = misses

    async def token(self, request: HttpRequest) -> Response:
        """RFC 6749 3.2: client_credentials, authorization_code and refresh_token."""
        try:
            asked = await self._asked(request, needed="grant_type")
            if asked.form["grant_type"] == client_credentials.GRANT_TYPE:
                return self.server.respond_to_client(asked)
        except OAuth2Error as error:
            return await self._refused(request, error)
        return await run_in_threadpool(self.server.respond, asked)

    async def introspect(self, request: HttpRequest) -> Response:
        """RFC 7662. A client sees tokens of its own organization; all others are inactive."""
        try:
            asked = await self._asked(request, needed="token")
            asker = self.server.authenticate_client(asked, SECRET_METHODS, "introspection")
        except OAuth2Error as error:
            return await self._refused(request, error)
        answer = compact_json(await self._introspection.answer(asked.form["token"], asker))
        return Response(answer, media_type="application/json")

    async def revoke(self, request: HttpRequest) -> Response:
        """RFC 7009. A refresh token goes with all tokens of its authorization."""
        try:
            asked = await self._asked(request, needed="token")
        except OAuth2Error as error:
            return await self._refused(request, error)
        asked.access_token = await self._access_token(asked.form["token"])
        answer = await run_in_threadpool(self.server.revoke, asked)
        # Noticed at the next look anyhow; what this replica says next should agree with what it said here.
        await run_in_threadpool(self._changes.look)
        return answer

    async def _asked(self, request: HttpRequest, *, needed: str) -> Request:
        """The request with the client that it names. Raises OAuth2Error or RateLimited."""
        pairs = await form_parameters(request)
        asked = Request(request.method, pairs, request.headers, partial(self._address_of, request))
        if asked.payload.repeated:
            raise InvalidRequestError("A parameter is given more than once.")
        if asked.payload.unprintable:
            raise InvalidRequestError("A parameter holds a control character.")
        if needed not in asked.form:
            raise InvalidRequestError(f"Missing '{needed}' in request.")
        request.state.client_id = asked.credentials.client_id
        if self._misses:
            self._misses.check(self._who(request))
        if (credentials := asked.credentials).client_id not in self.server.first_party:
            clients = self.server.organization_clients
            asked.organization_client = await clients.current(credentials.client_id, credentials.secret)
        return asked

    async def _access_token(self, token: str) -> Token | None:
        if token.startswith(PREFIX):
            return None
        try:
            return await self._verifier.verify(token)
        except InvalidToken:
            return None

    async def _refused(self, request: HttpRequest, error: OAuth2Error) -> Response:
        if isinstance(error, InvalidClient) and hasattr(request.state, "client_id"):
            await run_in_threadpool(self._misses.note, self._who(request))
        return self.server.handle_response(*error())

    def _who(self, request: HttpRequest) -> str:
        """A client at a network address: a program with a wrong secret turns away no other one beside it."""
        return f"{request.state.client_id} {self._address_of(request)}"
