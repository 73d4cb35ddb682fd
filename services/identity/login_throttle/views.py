"""Locks that are not lifted."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from psycopg import Cursor

from identity.login_throttle.domain import Lock
from kit.eventstore.projection import Projection, on
from kit.eventstore.store import Recorded


class LockViews(Projection):
    tables: ClassVar[tuple[str, ...]] = ("locks",)

    def locks(self, user_id: UUID, now: datetime) -> list[UUID]:
        """The locks of a user that have not expired."""
        rows = self.database.all("SELECT id FROM locks WHERE user_id = %s AND locked_until > %s", (user_id, now))
        return [row["id"] for row in rows]

    @on(Lock.Locked)
    def _locked(self, cursor: Cursor[Any], event: Lock.Locked, recorded: Recorded) -> None:
        cursor.execute(
            "INSERT INTO locks (id, user_id, locked_until) VALUES (%s, %s, %s)",
            (recorded.aggregate_id, event.user_id, event.locked_until),
        )

    @on(Lock.Unlocked)
    def _unlocked(self, cursor: Cursor[Any], _: object, recorded: Recorded) -> None:
        cursor.execute("DELETE FROM locks WHERE id = %s", (recorded.aggregate_id,))
