"""The tokens that a client receives for a user, by whichever grant."""

from typing import Any

from identity.oauth.authorization import Authorization
from identity.oauth.sessions import Sessions
from identity.oauth.token.refresh_tokens import RefreshTokenStore
from identity.oauth.token.token_issuer import TokenIssuer


class UserTokens:
    def __init__(self, issuer: TokenIssuer, families: RefreshTokenStore, sessions: Sessions) -> None:
        self._issuer = issuer
        self._families = families
        self._sessions = sessions

    def issue(
        self, authorization: Authorization, client_id: str, scope: str, *, with_refresh_token: bool
    ) -> dict[str, Any]:
        """The answer of RFC 6749 5.1, with an ID token for the scope openid (OpenID Connect Core 3.1.3.3)."""
        token = self._issuer.for_user(authorization, client_id, scope)
        self._families.remember(authorization.family, token)
        answer = token.answer
        if with_refresh_token:
            answer["refresh_token"], until = self._families.next_refresh_token(authorization.family)
            self._sessions.keep(authorization.session_id, until)
        if "openid" in scope.split():
            answer["id_token"] = self._issuer.id_token(authorization, client_id, token.value)
        return answer
