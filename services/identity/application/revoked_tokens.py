"""Whether a token that has not expired is still to be believed: what libs/access asks, from the owner's rows."""

from typing import Protocol
from uuid import UUID

from identity.views.clients import ClientViews


class _Ended(Protocol):
    def has(self, session_id: UUID | None, token_id: str) -> bool: ...


class EndedTokens:
    """Adds the tokens that were revoked one by one to those of `sessions` that have ended."""

    def __init__(self, sessions: _Ended, views: ClientViews) -> None:
        self._sessions = sessions
        self._views = views

    def has(self, session_id: UUID | None, token_id: str) -> bool:
        return self._sessions.has(session_id, token_id) or self._views.is_revoked(token_id)
