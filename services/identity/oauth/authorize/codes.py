"""Authorization codes: 256 random bits, stored as a hash, valid for a minute and once."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from identity.oauth.authorization import Authorization
from kit.db.database import Database

LIFETIME = timedelta(seconds=60)
_REMEMBERED = timedelta(days=1)  # for how long a replayed code still revokes the tokens that it was exchanged for


@dataclass(frozen=True)
class Code:
    """What a code was issued for; `family` is the one that its tokens will belong to."""

    hash: bytes
    family: UUID
    client_id: str
    redirect_uri: str
    user_id: UUID
    session_id: UUID
    signed_in_at: datetime
    scope: str
    nonce: str | None
    code_challenge: str  # S256 (RFC 7636)
    expires_at: datetime
    used_at: datetime | None = None

    @property
    def authorization(self) -> Authorization:
        return Authorization(self.family, self.user_id, self.session_id, self.signed_in_at, self.nonce)


class Codes:
    """`clock` returns the time in UTC."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def issue(
        self, authorization: Authorization, client_id: str, redirect_uri: str, scope: str, code_challenge: str
    ) -> str:
        """A new code; the authorization's nonce goes into the ID token."""
        code = "thac_" + secrets.token_urlsafe(32)
        self._database.execute(
            "INSERT INTO authorization_codes (hash, family, client_id, redirect_uri, user_id, session_id, "
            "signed_in_at, scope, nonce, code_challenge, expires_at) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                _hash(code),
                authorization.family,
                client_id,
                redirect_uri,
                authorization.user_id,
                authorization.session_id,
                authorization.signed_in_at,
                scope,
                authorization.nonce,
                code_challenge,
                self._clock() + LIFETIME,
            ),
        )
        return code

    def find(self, code: str, client_id: str) -> Code | None:
        """What this code was issued to this client for, used or not; locked until the transaction ends."""
        row = self._database.one(
            "SELECT * FROM authorization_codes WHERE hash = %s AND client_id = %s FOR UPDATE",
            (_hash(code), client_id),
        )
        return None if row is None else Code(**row)

    def is_valid(self, code: Code) -> bool:
        return code.used_at is None and self._clock() < code.expires_at

    def use(self, code: Code) -> None:
        """Keep it as used, so that a replay is recognized."""
        self._database.execute(
            "UPDATE authorization_codes SET used_at = %s WHERE hash = %s", (self._clock(), code.hash)
        )

    def forget(self, user_id: UUID) -> int:
        """Delete all codes of a user; returns how many there were."""
        return self._database.execute("DELETE FROM authorization_codes WHERE user_id = %s", (user_id,))

    def delete_expired(self) -> None:
        """Delete the codes whose replay no longer matters."""
        self._database.execute("DELETE FROM authorization_codes WHERE expires_at < %s", (self._clock() - _REMEMBERED,))


def _hash(code: str) -> bytes:
    return sha256(code.encode()).digest()
