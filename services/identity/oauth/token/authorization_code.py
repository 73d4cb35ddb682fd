"""A person signs in for a client (RFC 6749 4.1, RFC 7636, OpenID Connect Core 3.1)."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from authlib.oauth2.rfc6749 import InvalidGrantError, OAuth2Error, grants
from authlib.oauth2.rfc7636 import CodeChallenge, create_s256_code_challenge

from identity.oauth.authorize.checks import BEFORE_REDIRECTING, CHECKS, Authorization
from identity.oauth.authorize.codes import Code
from identity.oauth.token.issuing import SignIn
from kit.security.keys import same


def _fits(verifier: str, challenge: str) -> bool:
    return same(create_s256_code_challenge(verifier), challenge)


class S256(CodeChallenge):  # type: ignore[misc]
    """Checks the verifier at the token endpoint; the challenge is one of the authorization checks."""

    CODE_CHALLENGE_METHODS: Mapping[str, Any] = {"S256": _fits}


class AuthorizationCodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post", "none")

    @classmethod
    def check_authorization_endpoint(cls, request: Any) -> bool:
        """There is no other grant to choose from; the response type is one of the checks."""
        return True

    def validate_authorization_request(self) -> str:
        """The redirect URI. Raises OAuth2Error, with that URI where the client may be told; PageNeeded."""
        authorization: Authorization = self.request.authorization
        for check in BEFORE_REDIRECTING:
            check(authorization)
        redirect_uri = authorization.given["redirect_uri"]
        try:
            for check in CHECKS:
                check(authorization)
        except OAuth2Error as error:
            error.redirect_uri = redirect_uri
            raise
        return redirect_uri

    def generate_authorization_code(self) -> str:
        return str(self.server.codes.generate())

    def save_authorization_code(self, code: str, request: Any) -> None:
        authorization: Authorization = request.authorization
        session, given = authorization.session, authorization.given
        assert session is not None
        who = SignIn(uuid4(), session.user_id, session.id, session.signed_in_at, given.get("nonce"))
        client_id = authorization.known_client.client_id
        self.server.codes.keep(
            code, who, client_id, given["redirect_uri"], authorization.scope, given["code_challenge"]
        )

    def query_authorization_code(self, code: str, client: Any) -> Code | None:
        """RFC 6749 4.1.2: a code that comes again ends all that was made from it."""
        found: Code | None = self.server.codes.find(code, client.client_id)
        if found is not None and found.used_at is not None:
            self.server.families.end(found.family)
        return found if found is not None and self.server.codes.is_good(found) else None

    def authenticate_user(self, authorization_code: Code) -> SignIn:
        who = authorization_code.sign_in
        if not self.server.sessions.alive(who.session_id):
            raise InvalidGrantError("The session has ended.")
        self.server.families.begin(who, authorization_code.client_id, authorization_code.scope)
        return who

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """It is kept as used, to be known when it comes again."""
        self.server.codes.use(authorization_code)
