"""The organization's events as they stand on the bus, for clients that cannot reach it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.envelope import Attributes
from kit.errors import NotFound
from kit.eventstore.store import Recorded
from organizations.application import Organizations
from organizations.narrowing import narrowed
from organizations.publishing import envelope_of
from organizations.views.heard import HeardEvents


@dataclass(frozen=True)
class Told:
    """An event's envelope, and its place in the feed, which rises over all contexts."""

    position: int
    envelope: dict[str, Any]


class Feed:
    """Own events are read from the event store itself, so nothing waits for the relay, and what was forgotten is
    not shown; the other contexts' are what was heard from the bus."""

    def __init__(self, store: Organizations) -> None:
        self._store = store

    def after(
        self, organization_id: UUID, position: int, limit: int, platforms: Sequence[UUID] | None = None
    ) -> list[Told]:
        """Events over `position`, in order; limit + 1 at most. With `platforms`, none about others, and limits in them
        name these alone. Raises NotFound."""
        if self._store.views.organizations.find(organization_id) is None:
            raise NotFound
        placed = self._store.views.heard.after(organization_id, position, limit + 1, platforms)
        own = self._own([one.position for one in placed if one.envelope is None])
        return [Told(one.position, narrowed(one.envelope or own[one.position], platforms)) for one in placed]

    def _own(self, sequences: Sequence[int]) -> dict[int, dict[str, Any]]:
        epochs = self._store.epochs()
        return {one.sequence: _envelope(one, epochs) for one in self._store.at(sequences)}


def _envelope(recorded: Recorded, epochs: Sequence[tuple[str, int]]) -> dict[str, Any]:
    epoch = next(name for name, after in reversed(epochs) if recorded.sequence > after)
    envelope = envelope_of(recorded, epoch)
    assert envelope is not None, "an audited event that is private"
    shown: dict[str, Any] = json.loads(envelope.to_json())
    return shown


@dataclass(frozen=True)
class Message:
    """A message whose content is nobody's matter here: `data` is the whole of it, as it came."""

    attributes: Attributes
    data: bytes


def parse(payload: bytes) -> Message:
    """For the inbox. Raises ValidationError for what is no event of ours; events that only a newer version knows,
    and fields that it added, are kept like all others."""
    return Message(Attributes.model_validate_json(payload), payload)


def handlers(heard: HeardEvents) -> Mapping[type, Callable[[Message], None]]:
    """What fills the feed: every message that names an organization."""
    return {bytes: lambda message: heard.hear(message.attributes, message.data)}
