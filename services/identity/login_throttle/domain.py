"""A lock: sign-ins of a user are refused for a while after too many failures. The counts themselves are rows."""

from datetime import datetime
from uuid import UUID

from eventsourcing.domain import event

from kit.eventstore.aggregate import Aggregate, Created


class Lock(Aggregate):
    """It expires at `locked_until`, unless it is lifted before."""

    TOPIC = "identity.Lock"

    class Locked(Created):
        TOPIC = "identity.UserLocked"
        user_id: UUID
        locked_until: datetime

    class Unlocked(Aggregate.Event):
        TOPIC = "identity.UserUnlocked"
        user_id: UUID

    @event(Locked)
    def __init__(self, id: UUID, user_id: UUID, locked_until: datetime) -> None:
        self.user_id = user_id
        self.lifted = False

    @staticmethod
    def create_id(id: UUID) -> UUID:
        return id

    def lift(self) -> None:
        if not self.lifted:
            self._lift(user_id=self.user_id)

    @event(Unlocked)
    def _lift(self, user_id: UUID) -> None:
        self.lifted = True
