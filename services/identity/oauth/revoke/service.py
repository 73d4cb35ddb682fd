"""Access tokens that are revoked before they expire."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID

from identity.oauth.revoke.domain import RevokedToken
from identity.oauth.revoke.views import RevokedTokenViews
from identity.store import IdentityStore


def revoke(store: IdentityStore, tokens: Mapping[UUID, datetime]) -> None:
    """Revoke access tokens, given by `jti` with the time they expire; those that are revoked already stay so.
    Call it in a transaction."""
    known = store.database.all("SELECT jti FROM revoked_tokens WHERE jti = ANY(%s)", (list(tokens),))
    new = tokens.keys() - {row["jti"] for row in known}
    store.save(*(RevokedToken(id=jti, expires_at=tokens[jti]) for jti in sorted(new)))


class _Revocations(Protocol):
    def has(self, session_id: UUID | None, token_id: str) -> bool: ...


class RevokedTokens:
    """The revoked tokens, for libs/access: those of `sessions` that have ended, and those revoked one by one."""

    def __init__(self, sessions: _Revocations, views: RevokedTokenViews) -> None:
        self._sessions = sessions
        self._views = views

    def has(self, session_id: UUID | None, token_id: str) -> bool:
        return self._sessions.has(session_id, token_id) or self._views.is_revoked(token_id)
