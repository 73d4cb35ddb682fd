"""The grant `refresh_token`: new tokens, and a new refresh token each time (RFC 6749 6, RFC 9700 4.14.2)."""

from collections.abc import Mapping
from typing import Any

from identity.oauth.errors import InvalidGrant, InvalidRequest, InvalidScope
from identity.oauth.known_clients import ALL_METHODS, KnownClient, narrowed
from identity.oauth.sessions import Sessions
from identity.oauth.token.refresh_tokens import RefreshToken, RefreshTokenStore
from identity.oauth.token.user_tokens import UserTokens


class RefreshTokenGrant:
    grant_type = "refresh_token"
    auth_methods = ALL_METHODS
    in_memory = False

    def __init__(self, families: RefreshTokenStore, sessions: Sessions, tokens: UserTokens) -> None:
        self._families = families
        self._sessions = sessions
        self._tokens = tokens

    def tokens(self, client: KnownClient, form: Mapping[str, str]) -> dict[str, Any]:
        """Raises InvalidRequest without a token, InvalidGrant for one that is not valid here, InvalidScope for a
        scope that the user did not authorize."""
        token = self._valid_token(client, form)
        # The access token may have less scope; the family, and with it later tokens, keep all of it.
        scope = narrowed(token.scope.split(), form["scope"]) if "scope" in form else token.scope
        if scope is None:
            raise InvalidScope("A scope is beyond what the refresh token was issued for.")
        if token.used_at is not None:
            return self._families.repeated_answer(token)
        answer = self._tokens.issue(token.authorization, token.client_id, scope, with_refresh_token=True)
        self._families.use(token, answer)
        return answer

    def _valid_token(self, client: KnownClient, form: Mapping[str, str]) -> RefreshToken:
        """A used token gets the same answer for ten more seconds, because the first may be lost.
        Later it is a replay, by a thief or after a theft, and revokes its family."""
        if "refresh_token" not in form:
            raise InvalidRequest("The parameter 'refresh_token' is missing.")
        token = self._families.find(form["refresh_token"])
        if token is None or token.client_id != client.client_id or not self._families.is_valid(token):
            raise InvalidGrant("The refresh token is unknown, expired, revoked, or was issued to another client.")
        replayed = token.used_at is not None and not self._families.may_be_repeated(token)
        if replayed or not self._sessions.alive(token.authorization.session_id):
            self._families.revoke(token.authorization.family)
            raise InvalidGrant("The refresh token was used before, or the session of the user has ended.")
        return token
