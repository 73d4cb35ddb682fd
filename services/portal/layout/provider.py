"""The client of Tradehall's OpenID Connect provider: authorization code with PKCE, as a confidential client."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from kit.errors import Unavailable

CLIENT_ID = "tradehall-portal"
CALLBACK = "/portal/callback"
_SCOPE = "openid profile email offline_access"
_LEEWAY = 5  # seconds of clock difference
_WAIT = 10.0  # seconds


class SignInFailed(Exception):
    """The provider refused the sign-in, or its answer is not valid."""


@dataclass(frozen=True)
class Tokens:
    """`expires_at` is the expiry of the access token, in Unix seconds."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: float


@dataclass(frozen=True)
class SignedIn:
    """The user who signed in, and the provider's session."""

    user_id: UUID
    session_id: UUID
    tokens: Tokens


class Provider:
    """`back_channel` is the URL at which the portal reaches the provider; `issuer` is the provider's public URL."""

    def __init__(self, issuer: str, back_channel: str, secret: str) -> None:
        self._issuer = issuer
        self._back_channel = back_channel
        self._secret = secret
        self._tls = httpx2.create_ssl_context()  # once: to read the trusted certificates takes 30 ms of CPU
        self._keys: KeySet | None = None
        self._keys_lock = threading.Lock()

    def authorization(self, state: str, nonce: str, verifier: str) -> str:
        """The URL that the browser is redirected to (RFC 6749 section 4.1.1, RFC 7636 section 4.3)."""
        query = {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": self._issuer + CALLBACK,
            "scope": _SCOPE,
            "state": state,
            "nonce": nonce,
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
        }
        return f"{self._issuer}/oauth2/authorize?{urlencode(query)}"

    def is_issuer(self, iss: str) -> bool:
        """Whether the `iss` parameter of a callback names this provider (RFC 9207)."""
        return iss == self._issuer

    def exchange(self, code: str, nonce: str, verifier: str) -> SignedIn:
        """Exchange the code for tokens, and verify the ID token. Raises SignInFailed, or Unavailable."""
        answer = self._token(grant_type="authorization_code", code=code, code_verifier=verifier)
        claims = self._verified(str(answer.get("id_token")), nonce)
        return SignedIn(UUID(claims["sub"]), UUID(claims["sid"]), _tokens(answer))

    def refresh(self, refresh_token: str) -> Tokens:
        """New tokens. Raises SignInFailed when the provider's session is revoked or expired, or Unavailable."""
        return _tokens(self._token(grant_type="refresh_token", refresh_token=refresh_token))

    def _token(self, **grant: str) -> Mapping[str, Any]:
        client = OAuth2Client(
            CLIENT_ID,
            self._secret,
            token_endpoint_auth_method="client_secret_post",  # noqa: S106 - the method's name
            redirect_uri=self._issuer + CALLBACK,
            timeout=_WAIT,
            verify=self._tls,
        )
        try:
            with client:
                answer: Mapping[str, Any] = client.fetch_token(f"{self._back_channel}/oauth2/token", **grant)
        except OAuthError as error:
            raise SignInFailed(error.error) from error
        except (httpx2.HTTPError, ValueError) as error:
            raise Unavailable from error
        return answer

    def _verified(self, id_token: str, nonce: str) -> Mapping[str, Any]:
        """The claims of a valid ID token (OpenID Connect Core 3.1.3.7).

        Fetches the key set again when the known keys do not verify it: the provider may have a new key.
        """
        try:
            return self._claims(id_token, nonce, self._known_keys())
        except (JoseError, ValueError):
            pass
        try:
            return self._claims(id_token, nonce, self._fetched_keys())
        except (JoseError, ValueError) as error:
            raise SignInFailed("id_token") from error

    def _claims(self, id_token: str, nonce: str, keys: KeySet) -> Mapping[str, Any]:
        decoded = jwt.decode(id_token, keys, algorithms=["RS256"])
        jwt.JWTClaimsRegistry(
            now=int(time.time()),
            leeway=_LEEWAY,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": CLIENT_ID},
            nonce={"essential": True, "value": nonce},
            exp={"essential": True},
            sub={"essential": True},
            sid={"essential": True},
        ).validate(decoded.claims)
        return decoded.claims

    def _known_keys(self) -> KeySet:
        with self._keys_lock:
            keys = self._keys
        return keys or self._fetched_keys()

    def _fetched_keys(self) -> KeySet:
        try:
            answer = httpx2.get(f"{self._back_channel}/oauth2/jwks", timeout=_WAIT, verify=self._tls)
            answer.raise_for_status()
            keys = KeySet.import_key_set(answer.json())
        except httpx2.HTTPError as error:
            raise Unavailable from error
        with self._keys_lock:
            self._keys = keys
        return keys


def _tokens(answer: Mapping[str, Any]) -> Tokens:
    return Tokens(answer["access_token"], answer["refresh_token"], time.time() + float(answer["expires_in"]))
