"""The interface to the sessions of users."""

from datetime import datetime
from typing import Protocol
from uuid import UUID


class Sessions(Protocol):
    def alive(self, session_id: UUID) -> bool:
        """Whether the session has neither ended nor expired."""

    def keep(self, session_id: UUID, until: datetime) -> None:
        """Let the session live at least until then, as its refresh token does."""
