"""Stored form of events and snapshots, with personal fields encrypted under their subject's key."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, cast
from uuid import UUID

from eventsourcing.domain import DomainEventProtocol, Snapshot
from eventsourcing.persistence import Mapper, StoredEvent
from eventsourcing.utils import resolve_topic

from kit.eventstore.aggregate import Created
from kit.security.keys import seal, unseal
from kit.security.service_keys import SubjectKeys

_MARK = "personal:"


class PersonalMapper(Mapper[UUID]):
    """Encrypts the fields that event and aggregate classes name as personal.

    A stored personal value is `personal:<subject>:<base64>`. One whose key was destroyed reads as None.
    """

    keys: SubjectKeys

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        return super().to_stored_event(cast("DomainEventProtocol[UUID]", self._hidden(domain_event)))

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        event = super().to_domain_event(stored_event)
        state = vars(event)
        if isinstance(event, Snapshot):
            self._reveal(state["state"], resolve_topic(event.topic).personal)
        else:
            self._reveal(state, getattr(type(event), "personal", frozenset()))
        return event

    def prefetch(self, stored: Sequence[StoredEvent]) -> None:
        """Fetch the keys of a batch at once; without it each event may cost a query."""
        marks = [event.state.split(_MARK.encode())[1:] for event in stored if _MARK.encode() in event.state]
        self.keys.prefetch(part.split(b":", 1)[0].decode() for parts in marks for part in parts)

    def _hidden(self, event: Any) -> Any:
        if isinstance(event, Snapshot):
            aggregate = resolve_topic(event.topic)
            state = dict(event.state)
            subject = str(state.get(aggregate.personal_key, event.originator_id))
            self._hide(state, aggregate.personal, subject, self.keys.obtain)
            return replace(event, state=state)
        personal: frozenset[str] = getattr(type(event), "personal", frozenset())
        if not personal:
            return event
        hidden = object.__new__(type(event))
        values = dict(vars(event))
        # Nobody made a key yet for whom this very event makes.
        is_new = isinstance(event, Created) and event.personal_key == "originator_id"
        key_of = self.keys.make if is_new else self.keys.obtain
        self._hide(values, personal, str(values[event.personal_key]), key_of)
        object.__setattr__(hidden, "__dict__", values)
        return hidden

    def _hide(
        self, values: dict[str, Any], names: frozenset[str], subject: str, key_of: Callable[[str], bytes | None]
    ) -> None:
        present = [name for name in names if values.get(name) is not None]
        key = key_of(subject) if present else None
        for name in present:
            if key is None:
                values[name] = None
                continue
            sealed = seal(key, str(values[name]).encode(), subject.encode())
            values[name] = f"{_MARK}{subject}:{base64.b64encode(sealed).decode()}"

    def _reveal(self, values: dict[str, Any], names: frozenset[str]) -> None:
        for name in names:
            if values.get(name) is not None:
                values[name] = self._opened(values[name])

    def _opened(self, stored: str) -> str | None:
        _, subject, encoded = stored.split(":", 2)
        key = self.keys.find(subject)
        if key is None:
            return None
        return unseal(key, base64.b64decode(encoded), subject.encode()).decode()
