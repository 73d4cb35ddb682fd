"""Client authentication at the token, introspection and revocation endpoints (RFC 6749 2.3)."""

import base64
import binascii
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from urllib.parse import unquote_plus

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from identity.clients.secret_uses import SecretUses
from identity.oauth.client_cache import ClientCache
from identity.oauth.errors import InvalidClient, InvalidRequest
from identity.oauth.known_clients import AuthMethod, FirstPartyClient, KnownClient, OrganizationClient
from kit.security.rate_limiter import FailureThrottle, Limit

AddressOf = Callable[[Request], str]
"""The caller's IP address."""

WRONG_CREDENTIALS = Limit("wrong-client-credentials", 100, timedelta(seconds=36))
"""Per client and network address. No secret can be guessed; a program that repeats a wrong one has to wait."""


@dataclass(frozen=True)
class Credentials:
    """What a client authenticates with; `secret` is None for the method `none`."""

    client_id: str
    secret: str | None = field(repr=False)
    method: AuthMethod


def credentials(authorization: str | None, form: Mapping[str, str]) -> Credentials:
    """From the Authorization header, or else from the form.

    Raises InvalidClient where there are none, InvalidRequest for two methods at once (RFC 6749 2.3).
    """
    if authorization is None:
        if "client_id" not in form:
            raise InvalidClient("The request names no client.")
        secret = form.get("client_secret")
        return Credentials(form["client_id"], secret, "none" if secret is None else "client_secret_post")
    if "client_secret" in form:
        raise InvalidRequest("The client authenticates with two methods at once.")
    basic = _basic(authorization)
    if form.get("client_id", basic.client_id) != basic.client_id:
        raise InvalidRequest("The client_id in the body differs from the one in the Authorization header.")
    return basic


def _basic(authorization: str) -> Credentials:
    """RFC 6749 2.3.1: id and secret are form-encoded before RFC 7617 joins them."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClient("The Authorization header is not of the Basic scheme.")
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError) as error:
        raise InvalidClient("The Authorization header cannot be read.") from error
    if not colon or not client_id or not secret:
        raise InvalidClient("The Authorization header lacks the client's id or secret.")
    return Credentials(unquote_plus(client_id), unquote_plus(secret), "client_secret_basic")


class ClientAuthentication:
    """Authenticates clients from memory. `failures` throttles a client that repeats wrong credentials."""

    def __init__(
        self,
        first_party: Mapping[str, FirstPartyClient],
        organization_clients: ClientCache,
        secret_uses: SecretUses,
        address_of: AddressOf,
        failures: FailureThrottle,
    ) -> None:
        self._first_party = first_party
        self._organization_clients = organization_clients
        self._secret_uses = secret_uses
        self._address_of = address_of
        self._failures = failures

    async def client_of(
        self, request: Request, form: Mapping[str, str], methods: Collection[AuthMethod]
    ) -> KnownClient:
        """The client of a request whose endpoint, or grant, allows these methods.

        Raises InvalidClient, InvalidRequest, and RateLimited after too many wrong credentials.
        """
        given = credentials(request.headers.get("authorization"), form)
        if self._failures:
            self._failures.check(self._throttled(given, request))
        client = await self._find(given)
        if client is None or not self._is_authentic(client, given, methods, request):
            await run_in_threadpool(self._failures.note, self._throttled(given, request))
            # The same for an unknown client, a wrong secret and a wrong method.
            raise InvalidClient("The client is unknown, its secret is wrong, or it must use another method.")
        return client

    async def _find(self, given: Credentials) -> KnownClient | None:
        known = self._first_party.get(given.client_id)
        return known or await self._organization_clients.current(given.client_id, given.secret)

    def _is_authentic(
        self, client: KnownClient, given: Credentials, methods: Collection[AuthMethod], request: Request
    ) -> bool:
        if given.method not in methods or given.method not in client.auth_methods:
            return False
        if given.secret is None:
            return True
        if not isinstance(client, OrganizationClient):
            return client.check_client_secret(given.secret)
        secret = client.matching_secret(given.secret)
        if secret is not None:
            self._secret_uses.note(secret.id, partial(self._address_of, request))
        return secret is not None

    def _throttled(self, given: Credentials, request: Request) -> str:
        """A client at a network address: a program with a wrong secret does not block others beside it."""
        return f"{given.client_id} {self._address_of(request)}"
