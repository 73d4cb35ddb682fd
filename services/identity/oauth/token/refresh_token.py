"""New tokens for a person's client, and a new refresh token each time (RFC 6749 6, RFC 9700 4.14.2)."""

from typing import Any

from authlib.oauth2.rfc6749 import grants

from identity.oauth.token.issuing import SignIn
from identity.oauth.token.refresh_tokens import RefreshToken


class RefreshTokenGrant(grants.RefreshTokenGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post", "none")
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> RefreshToken | None:
        """A used one is good for the same answer for ten seconds; later somebody else has it, and all ends."""
        families = self.server.families
        found: RefreshToken | None = families.find(refresh_token)
        if found is None or not found.check_client(self.request.client) or not families.is_good(found):
            return None
        used_up = found.used_at is not None and not families.is_repeated(found)
        if used_up or not self.server.sessions.alive(found.sign_in.session_id):
            families.end(found.sign_in.family)
            return None
        return found

    def authenticate_user(self, refresh_token: RefreshToken) -> SignIn:
        return refresh_token.sign_in

    def create_token_response(self) -> tuple[int, dict[str, Any], Any]:
        found: RefreshToken = self.request.refresh_token
        if found.used_at is not None:
            return 200, self.server.families.answer_again(found), self.TOKEN_RESPONSE_HEADER
        status, answer, headers = super().create_token_response()
        self.server.families.use(found, answer)
        return status, answer, headers

    def revoke_old_credential(self, refresh_token: RefreshToken) -> None:
        """It is marked as used together with the answer, once that is complete."""
