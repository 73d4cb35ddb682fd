"""What a token says: the claims of access tokens (RFC 9068) and ID tokens (OpenID Connect Core 2)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from authlib.oidc.core.util import create_half_hash
from joserfc import jwt

from identity.oauth.known_clients import OrganizationClient
from identity.oauth.token.jwt import es256
from identity.signing_keys.service import SigningKeys

CLIENT_SECONDS = 3600
PERSON_SECONDS = 600


@dataclass(frozen=True)
class SignIn:
    """A person who has signed in for a client: in which session, when, and the family of refresh tokens that
    begins there. `nonce` is the authorization request's, for its own ID token only."""

    family: UUID
    user_id: UUID
    session_id: UUID
    signed_in_at: datetime
    nonce: str | None = None


@dataclass(frozen=True)
class AccessToken:
    jti: UUID
    value: str
    expires_at: int  # unix seconds


class Issuing:
    """Signs in memory. `issuer` is the public address to the letter; `clock` answers the time in UTC."""

    def __init__(self, issuer: str, keys: SigningKeys, clock: Callable[[], datetime]) -> None:
        self.issuer = issuer
        self.audience = f"{issuer}/api"
        self._keys = keys
        self._clock = clock

    def for_client(self, client: OrganizationClient, scope: str) -> AccessToken:
        """The access token of a client that acts for itself."""
        return self._access_token(
            CLIENT_SECONDS,
            sub=client.client_id,
            client_id=client.client_id,
            scope=scope,
            org=str(client.organization_id),
        )

    def for_person(self, who: SignIn, client_id: str, scope: str) -> AccessToken:
        """The access token with which a client acts for a person."""
        return self._access_token(
            PERSON_SECONDS,
            sub=str(who.user_id),
            client_id=client_id,
            scope=scope,
            sid=str(who.session_id),
            auth_time=int(who.signed_in_at.timestamp()),
        )

    def id_token(self, who: SignIn, client_id: str, access_token: str) -> str:
        """Says to the client who has signed in; claims about the person stand in userinfo."""
        now = self._now()
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": str(who.user_id),
            "aud": client_id,
            "exp": now + PERSON_SECONDS,
            "iat": now,
            "auth_time": int(who.signed_in_at.timestamp()),
            "sid": str(who.session_id),
            "at_hash": create_half_hash(access_token, "RS256").decode(),
        }
        if who.nonce is not None:
            claims["nonce"] = who.nonce
        key = self._keys.signing("RS256")
        return jwt.encode({"alg": "RS256", "typ": "JWT", "kid": key.kid}, claims, key, algorithms=["RS256"])

    def _access_token(self, seconds: int, **about: Any) -> AccessToken:
        now, jti = self._now(), uuid4()
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "exp": now + seconds,
            "iat": now,
            "jti": str(jti),
            **about,
        }
        return AccessToken(jti, es256(self._keys.signing("ES256"), "at+jwt", claims), now + seconds)

    def _now(self) -> int:
        return int(self._clock().timestamp())
