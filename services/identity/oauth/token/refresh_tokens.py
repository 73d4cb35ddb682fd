"""Families of tokens: all that came from one authorization. They live and end together (RFC 9700 4.14)."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, LiteralString
from uuid import UUID

from authlib.oauth2.rfc6749 import TokenMixin

from identity.oauth.revoke.service import revoke
from identity.oauth.token.issuing import AccessToken, SignIn
from identity.store import IdentityStore
from kit.security.keys import keyed_hash, seal, unseal

SCHEMA = [
    (
        "identity-families-1",
        """
CREATE TABLE token_families (
    id uuid PRIMARY KEY, client_id text NOT NULL, user_id uuid NOT NULL, session_id uuid NOT NULL,
    signed_in_at timestamptz NOT NULL, scope text NOT NULL, good_until timestamptz NOT NULL, ended_at timestamptz);
CREATE INDEX token_families_age ON token_families (good_until);
CREATE TABLE refresh_tokens (
    hash bytea PRIMARY KEY, family uuid NOT NULL REFERENCES token_families ON DELETE CASCADE,
    expires_at timestamptz NOT NULL, used_at timestamptz, answer bytea);
CREATE INDEX refresh_tokens_of_family ON refresh_tokens (family);
CREATE INDEX refresh_tokens_answered ON refresh_tokens (used_at) WHERE answer IS NOT NULL;
CREATE TABLE family_access_tokens (
    jti uuid PRIMARY KEY, family uuid NOT NULL REFERENCES token_families ON DELETE CASCADE,
    expires_at timestamptz NOT NULL);
CREATE INDEX family_access_tokens_of_family ON family_access_tokens (family);
CREATE INDEX family_access_tokens_age ON family_access_tokens (expires_at);
""",
    )
]
IDLE = timedelta(days=30)
LONGEST = timedelta(days=180)
_FIND: LiteralString = (
    "SELECT f.*, r.expires_at, r.used_at, r.answer FROM refresh_tokens r "
    "JOIN token_families f ON f.id = r.family WHERE r.hash = %s"
)
PREFIX = "thrt_"
REPLAY = timedelta(seconds=10)  # in which a client whose answer was lost may ask again


@dataclass(frozen=True)
class RefreshToken(TokenMixin):  # type: ignore[misc]
    """A refresh token that was found; `value` is what the client sent."""

    value: str = field(repr=False)
    client_id: str
    scope: str
    sign_in: SignIn
    expires_at: datetime
    used_at: datetime | None
    ended_at: datetime | None
    answer: bytes | None = field(repr=False)

    def get_scope(self) -> str:
        return self.scope

    def check_client(self, client: Any) -> bool:
        return bool(self.client_id == client.client_id)


class Families:
    """`secret` is the service key under which answers are sealed; `clock` answers the time in UTC.

    Every call belongs into the transaction of the token request.
    """

    def __init__(self, store: IdentityStore, secret: bytes, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._database = store.database
        self._secret = secret
        self._clock = clock

    def begin(self, who: SignIn, client_id: str, scope: str) -> None:
        """The family of an authorization whose code was used."""
        self._database.execute(
            "INSERT INTO token_families (id, client_id, user_id, session_id, signed_in_at, scope, good_until) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (
                who.family,
                client_id,
                who.user_id,
                who.session_id,
                who.signed_in_at,
                scope,
                self._clock() + LONGEST,
            ),
        )

    def note(self, family: UUID, token: AccessToken) -> None:
        """Remember an access token, to be revoked should the family end before it."""
        self._database.execute(
            "INSERT INTO family_access_tokens (jti, family, expires_at) VALUES (%s, %s, %s)",
            (token.jti, family, datetime.fromtimestamp(token.expires_at, UTC)),
        )

    def next_refresh_token(self, family: UUID) -> tuple[str, datetime]:
        """A new refresh token and how long it is good: for 30 days, but no longer than the family."""
        token = PREFIX + secrets.token_urlsafe(32)
        row = self._database.one(
            "INSERT INTO refresh_tokens (hash, family, expires_at) "
            "SELECT %s, id, least(good_until, %s) FROM token_families WHERE id = %s RETURNING expires_at",
            (_hash(token), self._clock() + IDLE, family),
        )
        assert row is not None
        return token, row["expires_at"]

    def find(self, token: str) -> RefreshToken | None:
        """Used ones and those of ended families too; locked until the transaction ends."""
        return self._found(token, _FIND + " FOR UPDATE")

    def look_at(self, token: str) -> RefreshToken | None:
        """As `find`, without a lock."""
        return self._found(token, _FIND)

    def _found(self, token: str, query: LiteralString) -> RefreshToken | None:
        row = self._database.one(query, (_hash(token),))
        if row is None:
            return None
        who = SignIn(row["id"], row["user_id"], row["session_id"], row["signed_in_at"])
        return RefreshToken(
            token,
            row["client_id"],
            row["scope"],
            who,
            row["expires_at"],
            row["used_at"],
            row["ended_at"],
            None if row["answer"] is None else bytes(row["answer"]),
        )

    def is_good(self, token: RefreshToken) -> bool:
        return token.ended_at is None and self._clock() < token.expires_at

    def is_repeated(self, token: RefreshToken) -> bool:
        """Whether it was used so lately that the same answer is due once more."""
        return token.used_at is not None and self._clock() < token.used_at + REPLAY and token.answer is not None

    def use(self, token: RefreshToken, answer: dict[str, Any]) -> None:
        """The token is used, and what was answered can be answered again. Only who sends the token can have
        that opened: the key is made from it, and it is stored as a hash."""
        sealed = seal(self._sealing(token.value), json.dumps(answer).encode(), _hash(token.value))
        self._database.execute(
            "UPDATE refresh_tokens SET used_at = %s, answer = %s WHERE hash = %s",
            (self._clock(), sealed, _hash(token.value)),
        )

    def answer_again(self, token: RefreshToken) -> dict[str, Any]:
        assert token.answer is not None
        opened = unseal(self._sealing(token.value), token.answer, _hash(token.value))
        return dict(json.loads(opened))

    def end(self, family: UUID) -> None:
        """No token of the family is good any longer; access tokens that could still live are revoked."""
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
        """End all that a person authorized, and delete it with its tokens; answers how many there were."""
        for row in self._database.all("SELECT id FROM token_families WHERE user_id = %s", (user_id,)):
            self.end(row["id"])
        return self._database.execute("DELETE FROM token_families WHERE user_id = %s", (user_id,))

    def forget_old(self) -> None:
        """Answers that are not due again, and what can have no effect any more."""
        now = self._clock()
        self._database.execute(
            "UPDATE refresh_tokens SET answer = NULL WHERE answer IS NOT NULL AND used_at < %s", (now - REPLAY,)
        )
        self._database.execute("DELETE FROM family_access_tokens WHERE expires_at < %s", (now,))
        self._database.execute("DELETE FROM token_families WHERE good_until < %s", (now,))
        self._database.execute("DELETE FROM revoked_tokens WHERE expires_at < %s", (now,))

    def _sealing(self, token: str) -> bytes:
        return keyed_hash(self._secret, token)


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()
