"""The organization's events as they stand on the bus, for clients that cannot reach it."""

from uuid import UUID

from contracts.envelope import Envelope
from kit.errors import NotFound
from organizations.application import Organizations
from organizations.publishing import envelope_of


class Feed:
    """Reads the event store itself, so nothing waits for the relay."""

    def __init__(self, store: Organizations) -> None:
        self._store = store

    def after(self, organization_id: UUID, position: int, limit: int) -> list[Envelope]:
        """Envelopes with a sequence over `position`, in order; limit + 1 at most. Raises NotFound."""
        if self._store.views.organizations.find(organization_id) is None:
            raise NotFound
        epochs = self._store.epochs()
        envelopes = []
        for recorded in self._store.events_after(organization_id, position, limit):
            epoch = next(name for name, after in reversed(epochs) if recorded.sequence > after)
            envelope = envelope_of(recorded, epoch)
            assert envelope is not None, "an audited event that is private"
            envelopes.append(envelope)
        return envelopes
