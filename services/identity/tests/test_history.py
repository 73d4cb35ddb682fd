"""Every stored event still loads: each slice has an example of each form, personal fields in plain text."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.persistence import StoredEvent
from eventsourcing.utils import resolve_topic

from identity.clients.domain import Client
from identity.login_throttle.domain import Lock
from identity.oauth.revoke.domain import RevokedToken
from identity.sessions.domain import UserSession
from identity.tests.container import ContainerFixture
from identity.users.domain import User
from kit.eventstore.aggregate import Aggregate
from kit.eventstore.mapper import PersonalMapper

EXAMPLES = sorted(Path(__file__).parents[1].glob("**/tests/history/*.json"))
AGGREGATES = (User, UserSession, Lock, Client, RevokedToken)
PERSON = UUID("7c9e6679-7425-40de-944b-e07fc1f90ae7")


def events_of(*aggregates: type[Aggregate]) -> set[type]:
    """The event classes that can be stored."""
    return {
        each
        for aggregate in aggregates
        for each in vars(aggregate).values()
        if isinstance(each, type) and str(getattr(each, "TOPIC", "")).startswith("identity.")
    }


def _stored(parts: ContainerFixture, path: Path) -> StoredEvent:
    """As it is in the table, the personal fields encrypted for this installation."""
    example = json.loads(path.read_text())
    assert isinstance(parts.store.mapper, PersonalMapper)
    personal = resolve_topic(example["topic"]).personal
    parts.store.mapper._hide(example["state"], personal, str(PERSON), parts.subjects.obtain)
    return StoredEvent(PERSON, 1, example["topic"], json.dumps(example["state"]).encode())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_stored_event_still_loads(parts: ContainerFixture, path: Path) -> None:
    event: Any = parts.store.mapper.to_domain_event(_stored(parts, path))
    assert type(event) in events_of(*AGGREGATES)
    state = json.loads(path.read_text())["state"]
    assert {name: getattr(event, name) for name in event.personal} == {name: state.get(name) for name in event.personal}
    again = json.loads(bytes(parts.store.mapper.to_stored_event(event).state))
    assert {**again, **{name: state[name] for name in event.personal & state.keys()}} == state


def test_there_is_an_example_of_every_event() -> None:
    assert {path.stem.partition("-")[0] for path in EXAMPLES} == {str(event.TOPIC) for event in events_of(*AGGREGATES)}  # type: ignore[attr-defined]


def test_personal_fields_are_gone_with_their_key(parts: ContainerFixture) -> None:
    events = [_stored(parts, path) for path in EXAMPLES]
    parts.subjects.destroy(str(PERSON))
    for stored in events:
        event: Any = parts.store.mapper.to_domain_event(stored)
        assert all(getattr(event, name) is None for name in event.personal)
