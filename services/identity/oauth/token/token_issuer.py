"""Signed tokens: access tokens (RFC 9068, ES256) and ID tokens (OpenID Connect Core 2, RS256)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from joserfc import jwt
from joserfc.util import urlsafe_b64encode

from identity.oauth.authorization import Authorization
from identity.oauth.known_clients import OrganizationClient
from identity.signing_keys.service import Algorithm, SigningKeys

CLIENT_SECONDS = 3600
USER_SECONDS = 600


@dataclass(frozen=True)
class AccessToken:
    jti: UUID
    value: str
    scope: str
    lifetime: int  # seconds
    expires_at: int  # unix seconds

    @property
    def answer(self) -> dict[str, Any]:
        """RFC 6749 5.1."""
        return {
            "access_token": self.value,
            "token_type": "Bearer",
            "expires_in": self.lifetime,
            "scope": self.scope,
        }


class TokenIssuer:
    """Signs in memory. `issuer` is the public address to the letter; `clock` returns the time in UTC."""

    def __init__(self, issuer: str, keys: SigningKeys, clock: Callable[[], datetime]) -> None:
        self.issuer = issuer
        self.audience = f"{issuer}/api"
        self._keys = keys
        self._clock = clock

    def for_client(self, client: OrganizationClient, scope: str) -> AccessToken:
        """The access token of a client that acts for itself."""
        about = {"sub": client.client_id, "client_id": client.client_id, "org": str(client.organization_id)}
        return self._access_token(CLIENT_SECONDS, scope, about)

    def for_user(self, authorization: Authorization, client_id: str, scope: str) -> AccessToken:
        """The access token with which a client acts for a user."""
        about = {
            "sub": str(authorization.user_id),
            "client_id": client_id,
            "sid": str(authorization.session_id),
            "auth_time": int(authorization.signed_in_at.timestamp()),
        }
        return self._access_token(USER_SECONDS, scope, about)

    def id_token(self, authorization: Authorization, client_id: str, access_token: str) -> str:
        """Identifies the user to the client; the claims about the user are in userinfo."""
        now = self._now()
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": str(authorization.user_id),
            "aud": client_id,
            "exp": now + USER_SECONDS,
            "iat": now,
            "auth_time": int(authorization.signed_in_at.timestamp()),
            "sid": str(authorization.session_id),
            # OpenID Connect Core 3.1.3.6: the left half of the hash, whose function is the signature's.
            "at_hash": urlsafe_b64encode(sha256(access_token.encode()).digest()[:16]).decode(),
        }
        if authorization.nonce is not None:
            claims["nonce"] = authorization.nonce
        return self._signed("RS256", "JWT", claims)

    def _access_token(self, lifetime: int, scope: str, about: dict[str, Any]) -> AccessToken:
        now, jti = self._now(), uuid4()
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "exp": now + lifetime,
            "iat": now,
            "jti": str(jti),
            "scope": scope,
            **about,
        }
        return AccessToken(jti, self._signed("ES256", "at+jwt", claims), scope, lifetime, now + lifetime)

    def _signed(self, algorithm: Algorithm, kind: str, claims: dict[str, Any]) -> str:
        """`kind` is the header's `typ`: one kind of token is never taken for another (RFC 8725 3.11)."""
        key = self._keys.signing(algorithm)
        return jwt.encode({"alg": algorithm, "typ": kind, "kid": key.kid}, claims, key, algorithms=[algorithm])

    def _now(self) -> int:
        return int(self._clock().timestamp())
