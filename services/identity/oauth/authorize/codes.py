"""Authorization codes: 256 random bits, stored as a hash, good for a minute and once."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from authlib.oidc.core import AuthorizationCodeMixin

from identity.oauth.token.issuing import SignIn
from kit.db.database import Database

SCHEMA = [
    (
        "identity-codes-1",
        """
CREATE TABLE authorization_codes (
    hash bytea PRIMARY KEY, family uuid NOT NULL, client_id text NOT NULL, redirect_uri text NOT NULL,
    user_id uuid NOT NULL, session_id uuid NOT NULL, signed_in_at timestamptz NOT NULL,
    scope text NOT NULL, nonce text, code_challenge text NOT NULL,
    expires_at timestamptz NOT NULL, used_at timestamptz);
CREATE INDEX authorization_codes_age ON authorization_codes (expires_at);
""",
    )
]
GOOD_FOR = timedelta(seconds=60)
_REMEMBERED = timedelta(days=1)  # for how long a code that comes again still ends what was made from it


@dataclass(frozen=True)
class Code(AuthorizationCodeMixin):  # type: ignore[misc]
    """What a code was given for; `family` is the one its tokens will belong to."""

    hash: bytes
    family: UUID
    client_id: str
    redirect_uri: str
    user_id: UUID
    session_id: UUID
    signed_in_at: datetime
    scope: str
    nonce: str | None
    code_challenge: str
    expires_at: datetime
    used_at: datetime | None = None
    code_challenge_method = "S256"

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    @property
    def sign_in(self) -> SignIn:
        return SignIn(self.family, self.user_id, self.session_id, self.signed_in_at, self.nonce)


class Codes:
    """`clock` answers the time in UTC."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    @staticmethod
    def generate() -> str:
        return "thac_" + secrets.token_urlsafe(32)

    def keep(self, code: str, who: SignIn, client_id: str, redirect_uri: str, scope: str, code_challenge: str) -> None:
        """Remember what a code is given for; `who.nonce` goes into the ID token."""
        self._database.execute(
            "INSERT INTO authorization_codes (hash, family, client_id, redirect_uri, user_id, session_id, "
            "signed_in_at, scope, nonce, code_challenge, expires_at) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                _hash(code),
                who.family,
                client_id,
                redirect_uri,
                who.user_id,
                who.session_id,
                who.signed_in_at,
                scope,
                who.nonce,
                code_challenge,
                self._clock() + GOOD_FOR,
            ),
        )

    def find(self, code: str, client_id: str) -> Code | None:
        """What this code was given to this client for, used or not; locked until the transaction ends."""
        row = self._database.one(
            "SELECT * FROM authorization_codes WHERE hash = %s AND client_id = %s FOR UPDATE",
            (_hash(code), client_id),
        )
        return None if row is None else Code(**row)

    def is_good(self, code: Code) -> bool:
        return code.used_at is None and self._clock() < code.expires_at

    def use(self, code: Code) -> None:
        self._database.execute(
            "UPDATE authorization_codes SET used_at = %s WHERE hash = %s", (self._clock(), code.hash)
        )

    def forget(self, user_id: UUID) -> int:
        """Delete all codes of a person; answers how many there were."""
        return self._database.execute("DELETE FROM authorization_codes WHERE user_id = %s", (user_id,))

    def forget_old(self) -> None:
        self._database.execute("DELETE FROM authorization_codes WHERE expires_at < %s", (self._clock() - _REMEMBERED,))


def _hash(code: str) -> bytes:
    return sha256(code.encode()).digest()
