"""Use case of the feed: an organization's events as they are on the bus, for clients that cannot reach it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.envelope import Envelope
from kit.errors import NotFound
from kit.eventstore.store import Recorded, Store
from organizations.feed.views import ForeignEvents
from organizations.organizations.service import Organizations
from organizations.redaction import redacted

EnvelopeOf = Callable[[Recorded, str], Envelope | None]
"""From a stored event and the store's epoch to the envelope on the bus; None for a private event."""


@dataclass(frozen=True)
class FeedItem:
    """An event's envelope, and its position in the feed, which rises over all contexts."""

    position: int
    envelope: dict[str, Any]


class Feed:
    """Own events are read from the event store, so they need no relay, and erased data are not shown; those of other
    services are what came from the bus."""

    def __init__(
        self, store: Store, foreign: ForeignEvents, organizations: Organizations, envelope_of: EnvelopeOf
    ) -> None:
        self._store = store
        self._foreign = foreign
        self._organizations = organizations
        self._envelope_of = envelope_of

    def after(
        self, organization_id: UUID, position: int, limit: int, platforms: Sequence[UUID] | None = None
    ) -> list[FeedItem]:
        """Events after a position, in order; limit + 1 at most. With `platforms`, none about other platforms, and
        limits in the events name only these. Raises NotFound."""
        if self._organizations.views.find(organization_id) is None:
            raise NotFound
        placed = self._foreign.after(organization_id, position, limit + 1, platforms)
        own = self._own([one.position for one in placed if one.envelope is None])
        return [FeedItem(one.position, redacted(one.envelope or own[one.position], platforms)) for one in placed]

    def _own(self, sequences: Sequence[int]) -> dict[int, dict[str, Any]]:
        epochs = self._store.epochs()
        return {one.sequence: self._envelope(one, epochs) for one in self._store.at(sequences)}

    def _envelope(self, recorded: Recorded, epochs: Sequence[tuple[str, int]]) -> dict[str, Any]:
        epoch = next(name for name, after in reversed(epochs) if recorded.sequence > after)
        envelope = self._envelope_of(recorded, epoch)
        assert envelope is not None, "an audited event that is private"
        shown: dict[str, Any] = json.loads(envelope.to_json())
        return shown
