"""A client gives a token back (RFC 7009): an access token alone, a refresh token with its whole family."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from authlib.oauth2.rfc6749 import InvalidGrantError
from authlib.oauth2.rfc7009 import RevocationEndpoint

from identity.oauth.request import Request
from identity.oauth.revoke.service import revoke
from identity.oauth.token.refresh_tokens import RefreshToken
from kit.security.tokens import Token

PresentedToken = Token | RefreshToken | None


class Revocation(RevocationEndpoint):  # type: ignore[misc]
    """An access token was verified before; it comes with the request."""

    CLIENT_AUTH_METHODS = ("client_secret_basic", "client_secret_post", "none")

    def authenticate_token(self, request: Request, client: Any) -> PresentedToken:
        """None for what is no token of ours, or was once (2.2). Raises InvalidGrantError for another client's
        (2.1). The hint of its type is not needed, and a wrong one no error (2.2)."""
        found: PresentedToken = request.access_token or self.server.families.find(request.form["token"])
        if found is not None and _client_id(found) != client.client_id:
            raise InvalidGrantError("The token was given to another client.")
        return found

    def revoke_token(self, token: Any, request: Request) -> None:
        if isinstance(token, Token):
            revoke(self.server.store, {UUID(token.id): datetime.fromtimestamp(token.expires_at, UTC)})
        else:
            self.server.families.end(token.sign_in.family)


def _client_id(token: Any) -> str:
    return str(token.claims["client_id"]) if isinstance(token, Token) else token.client_id
