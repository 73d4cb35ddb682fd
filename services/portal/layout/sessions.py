"""Sessions of the portal: rows with encrypted tokens. The cookie's value is stored as a hash only."""

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from kit.db.database import Database
from kit.db.migrations import read
from kit.security.keys import KeyUnavailable, seal, unseal
from portal.layout.provider import Provider, SignedIn, SignInFailed, Tokens

MIGRATIONS = read(Path(__file__).with_name("schema.sql"))
IDLE = timedelta(hours=12)
LONGEST = timedelta(days=30)
"""The same limits as of a session at the provider. `last_used_at` changes at each token refresh, every 10 minutes."""
_MIN_LIFETIME = 30.0  # seconds that an access token must still be valid


class NotSignedIn(Exception):
    """There is no session, or it expired or was revoked, here or at the provider."""


@dataclass
class Session:
    """A signed-in browser. `notice` is what the next page shows: the name of a text, and its values."""

    id: bytes = field(repr=False)
    user_id: UUID
    provider_session: UUID
    tokens: Tokens = field(repr=False)
    organization_id: UUID | None
    notice: Mapping[str, Any] | None


class Sessions:
    """`key` encrypts tokens (32 bytes)."""

    def __init__(self, database: Database, key: bytes, provider: Provider) -> None:
        self._database = database
        self._key = key
        self._provider = provider

    def start(self, signed_in: SignedIn) -> str:
        """Store a new session; returns the cookie's value."""
        value = secrets.token_urlsafe(32)
        self._database.execute(
            "INSERT INTO sessions (id, user_id, provider_session, tokens) VALUES (%s, %s, %s, %s)",
            (_id(value), signed_in.user_id, signed_in.session_id, self._sealed(_id(value), signed_in.tokens)),
        )
        return value

    def find(self, value: str) -> Session | None:
        """The session of a cookie; None for one that expired or was revoked."""
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
        """An access token that is valid for at least 30 seconds. Raises NotSignedIn, or Unavailable.

        The provider answers concurrent refreshes of one token alike, so no lock is needed here.
        """
        if session.tokens.expires_at - time.time() < _MIN_LIFETIME:
            try:
                session.tokens = self._provider.refresh(session.tokens.refresh)
            except SignInFailed as error:
                self.revoke(session)
                raise NotSignedIn from error
            self._database.execute(
                "UPDATE sessions SET tokens = %s, last_used_at = now() WHERE id = %s",
                (self._sealed(session.id, session.tokens), session.id),
            )
        return session.tokens.access

    def remember_organization(self, session: Session, organization_id: UUID) -> None:
        """The start page opens this organization from now on."""
        if session.organization_id != organization_id:
            self._database.execute(
                "UPDATE sessions SET organization_id = %s WHERE id = %s", (organization_id, session.id)
            )

    def set_notice(self, session: Session, text: str, **values: str) -> None:
        """Show this text at the top of the next page."""
        notice = {"text": text, "values": values}
        self._database.execute("UPDATE sessions SET notice = %s WHERE id = %s", (Jsonb(notice), session.id))

    def clear_notice(self, session: Session) -> None:
        if session.notice is not None:
            self._database.execute("UPDATE sessions SET notice = NULL WHERE id = %s", (session.id,))

    def revoke(self, session: Session) -> None:
        self._database.execute("DELETE FROM sessions WHERE id = %s", (session.id,))

    def delete_expired(self) -> None:
        self._database.execute(
            "DELETE FROM sessions WHERE last_used_at < now() - %s OR created_at < now() - %s", (IDLE, LONGEST)
        )

    def _sealed(self, identifier: bytes, tokens: Tokens) -> bytes:
        return seal(self._key, json.dumps(asdict(tokens)).encode(), identifier)


def _id(value: str) -> bytes:
    return sha256(value.encode()).digest()
