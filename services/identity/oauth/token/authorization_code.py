"""The grant `authorization_code`: the client exchanges its code for tokens (RFC 6749 4.1.3, RFC 7636)."""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from joserfc.util import urlsafe_b64encode

from identity.oauth.authorize.codes import Code, Codes
from identity.oauth.errors import InvalidGrant, InvalidRequest
from identity.oauth.known_clients import ALL_METHODS, KnownClient
from identity.oauth.sessions import Sessions
from identity.oauth.token.refresh_tokens import RefreshTokenStore
from identity.oauth.token.user_tokens import UserTokens
from kit.security.keys import same

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")  # RFC 7636 4.1


class AuthorizationCodeGrant:
    grant_type = "authorization_code"
    auth_methods = ALL_METHODS
    in_memory = False

    def __init__(self, codes: Codes, families: RefreshTokenStore, sessions: Sessions, tokens: UserTokens) -> None:
        self._codes = codes
        self._families = families
        self._sessions = sessions
        self._tokens = tokens

    def tokens(self, client: KnownClient, form: Mapping[str, str]) -> dict[str, Any]:
        """Raises InvalidRequest for a missing parameter, InvalidGrant for a code that is not valid here."""
        code = self._valid_code(client, form)
        _verify(form.get("code_verifier"), code.code_challenge)
        authorization = code.authorization
        if not self._sessions.alive(authorization.session_id):
            raise InvalidGrant("The session of the user has ended.")
        self._families.begin(authorization, code.client_id, code.scope)
        answer = self._tokens.issue(
            authorization, code.client_id, code.scope, with_refresh_token="offline_access" in code.scope.split()
        )
        self._codes.use(code)
        return answer

    def _valid_code(self, client: KnownClient, form: Mapping[str, str]) -> Code:
        if "code" not in form:
            raise InvalidRequest("The parameter 'code' is missing.")
        code = self._codes.find(form["code"], client.client_id)
        if code is not None and code.used_at is not None:
            # A replay revokes all that the code was exchanged for (RFC 6749 4.1.2, RFC 9700 2.1.1).
            self._families.revoke(code.family)
        if code is None or not self._codes.is_valid(code):
            raise InvalidGrant("The code is unknown, used, expired, or was issued to another client.")
        if form.get("redirect_uri") != code.redirect_uri:
            raise InvalidGrant("The redirect_uri differs from the one of the authorization request.")
        return code


def _verify(verifier: str | None, challenge: str) -> None:
    """PKCE with S256 (RFC 7636 4.6)."""
    if verifier is None:
        raise InvalidRequest("The parameter 'code_verifier' is missing.")
    if not _VERIFIER.fullmatch(verifier):
        raise InvalidRequest("The code_verifier is not 43 to 128 unreserved characters.")
    if not same(urlsafe_b64encode(sha256(verifier.encode()).digest()).decode(), challenge):
        raise InvalidGrant("The code_verifier does not match the code_challenge.")
