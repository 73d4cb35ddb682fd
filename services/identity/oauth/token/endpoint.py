"""The token endpoint (RFC 6749 3.2): authenticates the client and lets the grant answer that it names."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from identity.oauth.client_authentication import ClientAuthentication
from identity.oauth.errors import ProtocolError, UnauthorizedClient, UnsupportedGrantType
from identity.oauth.known_clients import AuthMethod, KnownClient
from identity.oauth.parameters import form_of_program
from identity.oauth.responses import not_stored
from identity.store import IdentityStore


class Grant(Protocol):
    """One grant type; a module each."""

    grant_type: str
    auth_methods: tuple[AuthMethod, ...]
    in_memory: bool
    """Whether it needs neither a query nor a thread. Others run in a thread, in one transaction."""

    def tokens(self, client: KnownClient, form: Mapping[str, str]) -> dict[str, Any]:
        """The answer of RFC 6749 5.1 for an authenticated client. Raises ProtocolError."""


class TokenEndpoint:
    def __init__(self, store: IdentityStore, authentication: ClientAuthentication, grants: Iterable[Grant]) -> None:
        self._store = store
        self._authentication = authentication
        self._grants = {grant.grant_type: grant for grant in grants}

    @property
    def grant_types(self) -> list[str]:
        return sorted(self._grants)

    async def __call__(self, request: Request) -> Response:
        """The answer, good or bad. Raises RateLimited."""
        try:
            form = await form_of_program(request, required="grant_type")
            grant = self._grants.get(form["grant_type"])
            if grant is None:
                raise UnsupportedGrantType(f"The grant_type is one of {', '.join(self.grant_types)}.")
            client = await self._authentication.client_of(request, form, grant.auth_methods)
            if grant.grant_type not in client.grants:
                raise UnauthorizedClient("The client may not use this grant_type.")
            if grant.in_memory:
                return not_stored(grant.tokens(client, form))
            return not_stored(await run_in_threadpool(self._in_transaction, grant, client, form))
        except ProtocolError as error:
            return error.response()

    def _in_transaction(self, grant: Grant, client: KnownClient, form: Mapping[str, str]) -> dict[str, Any]:
        """An error is an answer too: what the grant stored with it stays, such as the revocation after a replay."""

        def outcome() -> dict[str, Any] | ProtocolError:
            try:
                return grant.tokens(client, form)
            except ProtocolError as error:
                return error

        found = self._store.run(outcome)
        if isinstance(found, ProtocolError):
            raise found
        return found
