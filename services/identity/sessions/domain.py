"""A session from sign-in to sign-out. What each request needs of it is in rows."""

from uuid import UUID

from eventsourcing.domain import event

from kit.eventstore.aggregate import Aggregate, Created


class UserSession(Aggregate):
    """A user signed in on a device. `address` is the peer's IP address, personal data of the user."""

    TOPIC = "identity.UserSession"

    class SignedIn(Created):
        """`how` is password, one-time-password or invitation; `new_device`: the owner is to be notified of a device
        that was not used before, `device` its name."""

        TOPIC = "identity.UserSignedIn"
        personal = frozenset({"address", "device"})
        personal_key = "user_id"
        user_id: UUID
        how: str
        address: str | None
        new_device: bool = False
        device: str | None = None

    class Ended(Aggregate.Event):
        TOPIC = "identity.UserSessionEnded"
        user_id: UUID

    @event(SignedIn)
    def __init__(
        self,
        id: UUID,
        user_id: UUID,
        how: str,
        address: str | None,
        new_device: bool = False,
        device: str | None = None,
    ) -> None:
        self.user_id = user_id
        self.ended = False

    @staticmethod
    def create_id(id: UUID) -> UUID:
        return id

    def revoke(self) -> None:
        if not self.ended:
            self._end(user_id=self.user_id)

    @event(Ended)
    def _end(self, user_id: UUID) -> None:
        self.ended = True
