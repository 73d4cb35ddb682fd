"""Sessions of the portal: rows whose tokens are encrypted, found by a cookie of which only a hash is stored."""

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from kit.db.database import Database
from kit.security.keys import KeyUnavailable, seal, unseal
from portal.provider import Provider, SignedIn, SignInFailed, Tokens

SCHEMA = [
    (
        "sessions-1",
        """
CREATE TABLE sessions (
    id bytea PRIMARY KEY, user_id uuid NOT NULL, provider_session uuid NOT NULL, tokens bytea NOT NULL,
    organization_id uuid, notice jsonb,
    created_at timestamptz NOT NULL DEFAULT now(), last_used_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX sessions_age ON sessions (last_used_at);
""",
    )
]
IDLE = timedelta(hours=12)
LONGEST = timedelta(days=30)
"""Both as of a session of the hosted pages. The last use is known as exactly as access tokens live, ten minutes."""
_FRESH_FOR = 30.0  # seconds an access token must at least still live


class SessionOver(Exception):
    """The session was ended, here or elsewhere."""


@dataclass
class Session:
    """A signed-in browser. `notice` is what the next page is to say: a text's name and its values."""

    id: bytes = field(repr=False)
    user_id: UUID
    provider_session: UUID
    tokens: Tokens = field(repr=False)
    organization_id: UUID | None
    notice: Mapping[str, Any] | None


class Sessions:
    """`key` encrypts tokens."""

    def __init__(self, database: Database, key: bytes, provider: Provider) -> None:
        self._database = database
        self._key = key
        self._provider = provider

    def start(self, who: SignedIn) -> str:
        """A new session; answers the cookie's value."""
        value = secrets.token_urlsafe(32)
        self._database.execute(
            "INSERT INTO sessions (id, user_id, provider_session, tokens) VALUES (%s, %s, %s, %s)",
            (_id(value), who.user_id, who.session_id, self._sealed(_id(value), who.tokens)),
        )
        return value

    def find(self, value: str) -> Session | None:
        """The session of a cookie; None for one that is over."""
        row = self._database.one(
            "SELECT * FROM sessions WHERE id = %s AND last_used_at > now() - %s AND created_at > now() - %s",
            (_id(value), IDLE, LONGEST),
        )
        if row is None:
            return None
        identifier = bytes(row["id"])
        try:
            tokens = Tokens(**json.loads(unseal(self._key, bytes(row["tokens"]), identifier)))
        except KeyUnavailable:
            return None
        return Session(
            identifier, row["user_id"], row["provider_session"], tokens, row["organization_id"], row["notice"]
        )

    def access_token(self, session: Session) -> str:
        """One that lives for some seconds yet. Raises SessionOver, or Unavailable.

        Two requests that refresh at once get the same answer from the provider, so none waits for the other.
        """
        if session.tokens.expires_at - time.time() < _FRESH_FOR:
            try:
                session.tokens = self._provider.refresh(session.tokens.refresh)
            except SignInFailed as error:
                self.end(session)
                raise SessionOver from error
            self._database.execute(
                "UPDATE sessions SET tokens = %s, last_used_at = now() WHERE id = %s",
                (self._sealed(session.id, session.tokens), session.id),
            )
        return session.tokens.access

    def remember_organization(self, session: Session, organization_id: UUID) -> None:
        """Where the person is; the next visit begins there."""
        if session.organization_id != organization_id:
            self._database.execute(
                "UPDATE sessions SET organization_id = %s WHERE id = %s", (organization_id, session.id)
            )

    def say(self, session: Session, text: str, **values: str) -> None:
        """The next page begins with this text."""
        notice = {"text": text, "values": values}
        self._database.execute("UPDATE sessions SET notice = %s WHERE id = %s", (Jsonb(notice), session.id))

    def said(self, session: Session) -> None:
        if session.notice is not None:
            self._database.execute("UPDATE sessions SET notice = NULL WHERE id = %s", (session.id,))

    def end(self, session: Session) -> None:
        self._database.execute("DELETE FROM sessions WHERE id = %s", (session.id,))

    def forget_old(self) -> None:
        self._database.execute(
            "DELETE FROM sessions WHERE last_used_at < now() - %s OR created_at < now() - %s", (IDLE, LONGEST)
        )

    def _sealed(self, identifier: bytes, tokens: Tokens) -> bytes:
        return seal(self._key, json.dumps(asdict(tokens)).encode(), identifier)


def _id(value: str) -> bytes:
    return sha256(value.encode()).digest()
