"""Offline verification of access tokens: ES256 JWTs (RFC 9068) against a cached, refreshed key set."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.util import urlsafe_b64decode

from kit.db.database import Database
from kit.errors import Unauthenticated, Unavailable

_REFETCH = 10.0  # seconds between two fetches for keys we do not know
_LEEWAY = 5  # seconds of clock difference
_REMEMBERED = 4096

FetchKeys = Callable[[], Awaitable[Mapping[str, Any]]]
"""Answers a JWK Set (RFC 7517) as a dict."""


@dataclass(frozen=True)
class Token:
    """A verified access token. `claims` are those of RFC 9068 and the issuer's own."""

    subject: str
    expires_at: int  # unix seconds
    id: str
    scopes: frozenset[str]
    claims: Mapping[str, Any] = field(repr=False)


class InvalidToken(Unauthenticated):
    """The token is not valid, or not valid any more."""

    code = "invalid-token"
    title = "The access token is not valid"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, challenge='Bearer error="invalid_token"')


class Verifier:
    """Verifies tokens of one issuer for one audience.

    Keys come from `fetch`; the last set is kept in the service's database, so that a restart needs no issuer.
    """

    def __init__(self, issuer: str, audience: str, fetch: FetchKeys, database: Database) -> None:
        self._issuer = issuer
        self._audience = audience
        self._fetch = fetch
        self._database = database
        self._keys: KeySet | None = None
        self._fetched_at = float("-inf")
        self._fetching = asyncio.Lock()
        self._known: dict[bytes, Token] = {}
        self._log = logging.getLogger("kit.tokens")

    async def verify(self, token: str) -> Token:
        """Raises InvalidToken; Unavailable while no key set is known at all."""
        if not token.isascii():
            raise InvalidToken("The access token is malformed.")
        digest = sha256(token.encode()).digest()
        known = self._known.get(digest)
        if known is not None and known.expires_at + _LEEWAY > time.time():
            return known
        await self._ensure_keys(_key_id(token))
        verified = self._verified(token)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[digest] = verified
        return verified

    def _verified(self, token: str) -> Token:
        assert self._keys is not None
        try:
            # The algorithm is fixed here; what the header says can only agree (RFC 8725 3.1).
            decoded = jwt.decode(token, self._keys, algorithms=["ES256"])
            claims = jwt.JWTClaimsRegistry(
                leeway=_LEEWAY,
                iss={"essential": True, "value": self._issuer},
                aud={"essential": True, "value": self._audience},
                exp={"essential": True},
                sub={"essential": True},
                jti={"essential": True},
            )
            claims.validate(decoded.claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise InvalidToken("The access token is malformed, expired, or not issued for this system.") from error
        if str(decoded.header.get("typ", "")).lower() not in ("at+jwt", "application/at+jwt"):
            raise InvalidToken("This is not an access token.")
        found = decoded.claims
        return Token(
            str(found["sub"]),
            int(found["exp"]),
            str(found["jti"]),
            frozenset(str(found.get("scope", "")).split()),
            found,
        )

    async def _ensure_keys(self, key_id: str) -> None:
        if self._knows(key_id):
            return
        async with self._fetching:
            if self._keys is None:
                await asyncio.to_thread(self._load)
            if self._knows(key_id) or time.monotonic() - self._fetched_at < _REFETCH:
                pass
            else:
                await self._refetch()
        if self._keys is None:
            raise Unavailable("The keys that tokens are signed with are not known yet.")

    async def _refetch(self) -> None:
        try:
            fetched = dict(await self._fetch())
        except Unavailable as error:
            self._log.warning("token keys cannot be fetched: %s", error)
            return
        self._fetched_at = time.monotonic()
        self._keys = KeySet.import_key_set(fetched)  # type: ignore[arg-type]
        await asyncio.to_thread(
            self._database.execute,
            "INSERT INTO token_keys (jwks) VALUES (%s) ON CONFLICT (id) DO UPDATE SET jwks = EXCLUDED.jwks",
            (json.dumps(fetched),),
        )

    def _load(self) -> None:
        row = self._database.one("SELECT jwks FROM token_keys")
        if row is not None:
            self._keys = KeySet.import_key_set(row["jwks"])

    def _knows(self, key_id: str) -> bool:
        return self._keys is not None and any(key.kid == key_id for key in self._keys.keys)


def _key_id(token: str) -> str:
    try:
        return str(json.loads(urlsafe_b64decode(token.split(".", 1)[0].encode()))["kid"])
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidToken("The access token is malformed.") from error
