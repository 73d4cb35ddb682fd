"""The contract event of each stored event; every event that a release stored is still read."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.domain import CanMutateAggregate
from eventsourcing.persistence import StoredEvent

from contracts.envelope import Envelope
from contracts.organizations import MemberInvited, MemberJoined, MemberPermissionsChanged
from kit.eventstore.aggregate import Aggregate
from kit.eventstore.store import Recorded
from organizations.events import PRIVATE, PUBLICATIONS
from organizations.invitations.domain import Invitation
from organizations.organizations.domain import Organization
from organizations.tests.world import World

EXAMPLES = {path.stem: path for path in Path(__file__).parents[1].glob("*/history/*.json")}
"""The stored examples of all slices, by topic."""


def events() -> Iterator[type[Aggregate.Event]]:
    for aggregate in (Organization, Invitation):
        for value in vars(aggregate).values():
            if isinstance(value, type) and issubclass(value, Aggregate.Event) and topic(value):
                yield value


def topic(event: type) -> str:
    return str(getattr(event, "TOPIC", ""))


def example(event: type[Aggregate.Event]) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(EXAMPLES[topic(event)].read_text())
    return loaded


def load(world: World, event: type[Aggregate.Event]) -> Any:
    stored = example(event)
    identifier, version = UUID(stored["originator_id"]), stored["originator_version"]
    state = json.dumps(stored["state"]).encode()
    return world.store.mapper.to_domain_event(StoredEvent(identifier, version, stored["topic"], state))


def test_every_event_is_published_or_declared_private() -> None:
    assert set(events()) == set(PUBLICATIONS) | PRIVATE
    assert not set(PUBLICATIONS) & PRIVATE


def test_every_event_has_a_stored_example_that_is_still_read(world: World) -> None:
    assert set(EXAMPLES) == set(map(topic, events()))
    for event in events():
        loaded = load(world, event)
        assert type(loaded) is event
        assert isinstance(loaded, CanMutateAggregate)


def test_every_public_event_is_published_with_sequence_actor_and_request(world: World) -> None:
    for event in PUBLICATIONS:
        recorded = Recorded(load(world, event), 42)
        outgoing = PUBLICATIONS.message(recorded, "e1")
        assert outgoing is not None
        envelope = Envelope.parse(outgoing.body)
        assert envelope.id == outgoing.message_id == "organizations-e1-42"
        assert envelope.bus_subject == outgoing.subject
        assert envelope.organization is not None
        assert envelope.organization == getattr(envelope.data, "organization_id", None)
        assert (envelope.actor, envelope.correlationid) == ("0b7f2d3c-1111-4c5d-9e6f-000000000001", "request-1")
        assert type(envelope.data).__name__ == event.__name__


def test_private_events_are_not_published(world: World) -> None:
    assert all(PUBLICATIONS.message(Recorded(load(world, event), 1), "e1") is None for event in PRIVATE)


def test_grants_are_published_in_full(world: World) -> None:
    joined = Envelope.parse(_body(world, Organization.MemberJoined)).data
    assert isinstance(joined, MemberJoined)
    assert (joined.role, joined.permissions) == ("viewer", ("audit:read",))
    assert joined.limits.platforms is not None
    changed = Envelope.parse(_body(world, Organization.MemberPermissionsChanged)).data
    assert isinstance(changed, MemberPermissionsChanged)
    assert (changed.from_.role, changed.to.role) == ("viewer", "administrator")


def test_an_invitation_whose_address_is_erased_is_published_without_it(world: World) -> None:
    organization, owner = world.organization()
    invitation, _ = world.invite(organization, owner, "ann@example.com")

    def published() -> Any:
        return Envelope.parse(PUBLICATIONS.message(world.store.read(0, 10)[-1], "e1").body).data  # type: ignore[union-attr]

    assert isinstance(published(), MemberInvited)
    assert (published().email, published().organization_name) == ("ann@example.com", "Brokers")
    world.store.subjects.destroy(str(invitation))
    assert published().email is None


def _body(world: World, event: type) -> bytes:
    outgoing = PUBLICATIONS.message(Recorded(load(world, event), 1), "e1")
    assert outgoing is not None
    return outgoing.body


@pytest.mark.parametrize("secret", ["token", "mac", "link", "key", "password"])
def test_no_stored_event_has_a_field_for_a_secret(secret: str) -> None:
    for event in events():
        fields = example(event)["state"]
        assert not [name for name in fields if secret in name]


def test_every_event_and_aggregate_has_a_topic() -> None:
    for aggregate in (Organization, Invitation):
        assert issubclass(aggregate, Aggregate)
        assert aggregate.TOPIC.startswith("organizations.")
