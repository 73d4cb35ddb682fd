"""An access token that was revoked before it expired: a stream of one event."""

from datetime import datetime
from uuid import UUID

from eventsourcing.domain import event

from kit.eventstore.aggregate import Aggregate, Created


class RevokedToken(Aggregate):
    """Its id is the token's `jti`; after `expires_at` it may be deleted."""

    TOPIC = "identity.RevokedToken"

    class Revoked(Created):
        TOPIC = "identity.TokenRevoked"
        expires_at: datetime

    @event(Revoked)
    def __init__(self, id: UUID, expires_at: datetime) -> None:
        self.expires_at = expires_at

    @staticmethod
    def create_id(id: UUID) -> UUID:
        return id
