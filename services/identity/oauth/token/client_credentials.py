"""The grant `client_credentials`: a client acts for itself (RFC 6749 4.4)."""

from collections.abc import Mapping
from typing import Any

from identity.oauth.errors import InvalidScope
from identity.oauth.known_clients import SECRET_METHODS, KnownClient, OrganizationClient
from identity.oauth.token.token_issuer import TokenIssuer


class ClientCredentialsGrant:
    """Works in memory, without a query or a thread: a program requests a token for each job."""

    grant_type = "client_credentials"
    auth_methods = SECRET_METHODS
    in_memory = True

    def __init__(self, issuer: TokenIssuer) -> None:
        self._issuer = issuer

    def tokens(self, client: KnownClient, form: Mapping[str, str]) -> dict[str, Any]:
        """Raises InvalidScope for a scope that the client was not granted."""
        assert isinstance(client, OrganizationClient)
        scope = client.allowed_scope(form.get("scope"))
        if scope is None:
            raise InvalidScope("A scope is unknown, or the client was not granted it.")
        return self._issuer.for_client(client, scope).answer
