"""A client acts for itself (RFC 6749 4.4): in memory, with neither row nor thread."""

from typing import Any

from authlib.oauth2.rfc6749 import InvalidScopeError, grants


class ClientCredentialsGrant(grants.ClientCredentialsGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")

    def validate_requested_scope(self) -> None:
        """RFC 6749 3.3: nothing beyond what the client was granted."""
        scope = self.request.client.get_allowed_scope(self.request.payload.scope)
        if scope is None:
            raise InvalidScopeError("A scope is not known, or the client was not granted it.")
        self.request.scope = scope

    def generate_token(self, **_: Any) -> dict[str, Any]:
        return dict(super().generate_token(scope=self.request.scope, include_refresh_token=False))
