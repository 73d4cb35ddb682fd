"""Refresh tokens in families: all tokens of one authorization, which are revoked together (RFC 9700 4.14)."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, LiteralString
from uuid import UUID

from identity.oauth.authorization import Authorization
from identity.oauth.revoke.service import revoke
from identity.oauth.token.token_issuer import AccessToken
from identity.store import IdentityStore
from kit.security.keys import keyed_hash, seal, unseal

IDLE = timedelta(days=30)
LONGEST = timedelta(days=180)
_FIND: LiteralString = (
    "SELECT f.*, r.expires_at, r.used_at, r.answer FROM refresh_tokens r "
    "JOIN token_families f ON f.id = r.family WHERE r.hash = %s"
)
PREFIX = "thrt_"
REPEATED = timedelta(seconds=10)  # in which a used token gets the same answer, in case the first was lost


@dataclass(frozen=True)
class RefreshToken:
    """A stored refresh token with its family; `value` is what the client sent."""

    value: str = field(repr=False)
    client_id: str
    scope: str
    authorization: Authorization
    expires_at: datetime
    used_at: datetime | None
    ended_at: datetime | None
    answer: bytes | None = field(repr=False)


class RefreshTokenStore:
    """`secret` is the service key that seals answers; `clock` returns the time in UTC.

    Call its methods in the transaction of the request.
    """

    def __init__(self, store: IdentityStore, secret: bytes, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._database = store.database
        self._secret = secret
        self._clock = clock

    def begin(self, authorization: Authorization, client_id: str, scope: str) -> None:
        """Begin the family of an authorization, whose code was exchanged."""
        self._database.execute(
            "INSERT INTO token_families (id, client_id, user_id, session_id, signed_in_at, scope, good_until) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (
                authorization.family,
                client_id,
                authorization.user_id,
                authorization.session_id,
                authorization.signed_in_at,
                scope,
                self._clock() + LONGEST,
            ),
        )

    def remember(self, family: UUID, token: AccessToken) -> None:
        """Remember an access token, so that it is revoked with its family."""
        self._database.execute(
            "INSERT INTO family_access_tokens (jti, family, expires_at) VALUES (%s, %s, %s)",
            (token.jti, family, datetime.fromtimestamp(token.expires_at, UTC)),
        )

    def next_refresh_token(self, family: UUID) -> tuple[str, datetime]:
        """A new refresh token and the time it expires: in 30 days, but not after its family."""
        token = PREFIX + secrets.token_urlsafe(32)
        row = self._database.one(
            "INSERT INTO refresh_tokens (hash, family, expires_at) "
            "SELECT %s, id, least(good_until, %s) FROM token_families WHERE id = %s RETURNING expires_at",
            (_hash(token), self._clock() + IDLE, family),
        )
        assert row is not None
        return token, row["expires_at"]

    def find(self, token: str) -> RefreshToken | None:
        """The token, also if it is used, expired or revoked; locked until the transaction ends."""
        return self._found(token, _FIND + " FOR UPDATE")

    def peek(self, token: str) -> RefreshToken | None:
        """Like `find`, without a lock."""
        return self._found(token, _FIND)

    def _found(self, token: str, query: LiteralString) -> RefreshToken | None:
        row = self._database.one(query, (_hash(token),))
        if row is None:
            return None
        authorization = Authorization(row["id"], row["user_id"], row["session_id"], row["signed_in_at"])
        return RefreshToken(
            token,
            row["client_id"],
            row["scope"],
            authorization,
            row["expires_at"],
            row["used_at"],
            row["ended_at"],
            None if row["answer"] is None else bytes(row["answer"]),
        )

    def is_valid(self, token: RefreshToken) -> bool:
        return token.ended_at is None and self._clock() < token.expires_at

    def may_be_repeated(self, token: RefreshToken) -> bool:
        """Whether it was used so recently that it gets the same answer again."""
        return token.used_at is not None and self._clock() < token.used_at + REPEATED and token.answer is not None

    def use(self, token: RefreshToken, answer: dict[str, Any]) -> None:
        """Mark the token as used and keep its answer, sealed under a key made from the token. Only a request with
        the token can open it, since the token itself is stored as a hash."""
        sealed = seal(self._sealing_key(token.value), json.dumps(answer).encode(), _hash(token.value))
        self._database.execute(
            "UPDATE refresh_tokens SET used_at = %s, answer = %s WHERE hash = %s",
            (self._clock(), sealed, _hash(token.value)),
        )

    def repeated_answer(self, token: RefreshToken) -> dict[str, Any]:
        """The answer to the first use of this token."""
        assert token.answer is not None
        opened = unseal(self._sealing_key(token.value), token.answer, _hash(token.value))
        return dict(json.loads(opened))

    def revoke(self, family: UUID) -> None:
        """Revoke all tokens of a family, access tokens that have not expired among them."""
        now = self._clock()
        ended = self._database.execute(
            "UPDATE token_families SET ended_at = %s WHERE id = %s AND ended_at IS NULL", (now, family)
        )
        if not ended:
            return
        living = self._database.all(
            "SELECT jti, expires_at FROM family_access_tokens WHERE family = %s AND expires_at > %s", (family, now)
        )
        revoke(self._store, {row["jti"]: row["expires_at"] for row in living})

    def forget(self, user_id: UUID) -> int:
        """Revoke all that a user authorized and delete it with its tokens; returns how many families there were."""
        for row in self._database.all("SELECT id FROM token_families WHERE user_id = %s", (user_id,)):
            self.revoke(row["id"])
        return self._database.execute("DELETE FROM token_families WHERE user_id = %s", (user_id,))

    def delete_expired(self) -> None:
        """Delete answers that are not repeated any more, and what has expired."""
        now = self._clock()
        self._database.execute(
            "UPDATE refresh_tokens SET answer = NULL WHERE answer IS NOT NULL AND used_at < %s", (now - REPEATED,)
        )
        self._database.execute("DELETE FROM family_access_tokens WHERE expires_at < %s", (now,))
        self._database.execute("DELETE FROM token_families WHERE good_until < %s", (now,))
        self._database.execute("DELETE FROM revoked_tokens WHERE expires_at < %s", (now,))

    def _sealing_key(self, token: str) -> bytes:
        return keyed_hash(self._secret, token)


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()
