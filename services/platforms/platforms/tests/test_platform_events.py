"""Published events of platforms; every stored event can still be read."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.persistence import StoredEvent

from contracts.envelope import Envelope
from contracts.platforms import PlatformCredentialsSet, PlatformOfOtherKindAdded
from kit.eventstore.aggregate import Aggregate
from kit.eventstore.store import Recorded
from platforms.platforms.domain import TradePlatform
from platforms.platforms.events import PUBLICATIONS
from platforms.tests.world import ADA, World

HISTORY = Path(__file__).parent / "history"


def events() -> Iterator[type[Aggregate.Event]]:
    for value in vars(TradePlatform).values():
        if isinstance(value, type) and issubclass(value, Aggregate.Event) and topic(value):
            yield value


def topic(event: type) -> str:
    return str(getattr(event, "TOPIC", ""))


def load(world: World, event: type[Aggregate.Event]) -> Any:
    stored: dict[str, Any] = json.loads((HISTORY / f"{topic(event)}.json").read_text())
    identifier, version = UUID(stored["originator_id"]), stored["originator_version"]
    state = json.dumps(stored["state"]).encode()
    return world.store.mapper.to_domain_event(StoredEvent(identifier, version, stored["topic"], state))


def test_every_event_is_public() -> None:
    assert set(events()) == set(PUBLICATIONS)


def test_every_event_has_a_stored_example_that_is_still_read(world: World) -> None:
    assert {path.stem for path in HISTORY.glob("*.json")} == set(map(topic, events()))
    for event in events():
        assert type(load(world, event)) is event


def test_every_event_is_published_with_position_and_cause(world: World) -> None:
    for event in PUBLICATIONS:
        loaded = load(world, event)
        outgoing = PUBLICATIONS.message(Recorded(loaded, 42), "e1")
        assert outgoing is not None
        envelope = Envelope.parse(outgoing.body)
        assert envelope.id == outgoing.message_id == "platforms-e1-42"
        assert envelope.bus_subject == outgoing.subject
        assert envelope.organization == loaded.organization_id
        assert getattr(envelope.data, "platform_id", None) == loaded.originator_id
        assert (envelope.actor, envelope.correlationid) == (ADA, "request-1")
        assert type(envelope.data).__name__ == event.__name__


def test_a_platform_of_an_added_kind_has_its_own_event(world: World) -> None:
    added = load(world, TradePlatform.PlatformAdded)
    object.__setattr__(added, "kind", "fix-bridge")
    outgoing = PUBLICATIONS.message(Recorded(added, 1), "e1")
    assert outgoing is not None
    published = Envelope.parse(outgoing.body).data
    assert isinstance(published, PlatformOfOtherKindAdded)
    assert published.kind == "fix-bridge"


def test_credentials_are_published_with_address_version_and_fingerprint(world: World) -> None:
    outgoing = PUBLICATIONS.message(Recorded(load(world, TradePlatform.PlatformCredentialsSet), 1), "e1")
    assert outgoing is not None
    published = Envelope.parse(outgoing.body).data
    assert isinstance(published, PlatformCredentialsSet)
    assert (published.target, published.host, published.port, published.login, published.version) == (
        "db",
        "db.example.com",
        3306,
        "reader",
        2,
    )
    assert set(json.loads(outgoing.body)["data"]) == {
        "organization_id", "platform_id", "target", "host", "port", "login", "version", "fingerprint",
    }  # fmt: skip


def test_credentials_of_earlier_releases_have_no_options(world: World) -> None:
    assert load(world, TradePlatform.PlatformCredentialsSet).options is None


@pytest.mark.parametrize("secret", ["token", "key", "password", "secret", "pem"])
def test_no_stored_event_has_a_field_for_a_secret(secret: str) -> None:
    for path in HISTORY.glob("*.json"):
        assert not [name for name in json.loads(path.read_text())["state"] if secret in name]
