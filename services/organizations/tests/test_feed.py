"""The feed of an organization's events under writers: no hole, nothing twice, nothing after a purge."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

from contracts import platforms
from contracts.catalogue import EVENTS
from contracts.envelope import Envelope
from kit.bus import Bus
from kit.database import Database
from kit.inbox import Inbox
from kit.rebuild import rebuild
from organizations import feed
from organizations.domain import Organization
from organizations.feed import Feed, Told
from organizations.main import assemble
from organizations.tests.parts import World
from organizations.views.audit import Entry, Wanted
from organizations.views.heard import HeardEvents

WRITERS = 16
EACH = 25


def renamed(organization: UUID, source: int, sequence: int) -> bytes:
    """A message of a platforms service, one of several sources."""
    event = platforms.PlatformRenamed(
        organization_id=organization, platform_id=uuid4(), from_="a", to=f"{source} {sequence}"
    )
    return Envelope.of(
        event,
        context="platforms",
        epoch=f"e{source}",
        sequence=sequence,
        version=sequence,
        aggregate_id=event.platform_id,
        time=datetime.now(UTC),
        organization=organization,
    ).to_json()


@pytest.fixture
def replica(world: World, postgres_dsn: str) -> Iterator[HeardEvents]:
    """What a second process of the service hears with, on connections of its own."""
    database = Database(postgres_dsn)
    database.open()
    bus = Bus("nats://127.0.0.1:1", "organizations", SecretStr("none"))
    yield assemble(database, world.master, bus, world.clock).store.views.heard
    database.close()


def test_a_reader_who_tails_16_writers_misses_nothing_and_sees_nothing_twice(
    world: World, replica: HeardEvents
) -> None:
    organization, _ = world.organization()
    other, _ = world.organization()
    reading, seen = Feed(world.store), list[Told]()
    written = threading.Event()

    def command(number: int) -> None:
        for turn in range(EACH):
            world.store.rename(organization, f"{number} {turn}")
            if turn % 5 == 0:
                world.store.rename(other, f"{number} {turn}")

    def consume(number: int) -> None:
        inbox = Inbox(replica.database, f"feed-{number}", feed.parse, feed.handlers(replica))
        for turn in range(1, EACH + 1):
            with replica.database.transaction() as cursor:
                assert inbox.take(renamed(organization, number, turn)) == "done"
                cursor.execute("SELECT pg_sleep(0.003)")  # what else a transaction may do before it commits

    def tail() -> None:
        while True:
            last = written.is_set()
            while page := reading.after(organization, seen[-1].position if seen else 0, 7)[:7]:
                seen.extend(page)
            if last:
                return

    with ThreadPoolExecutor(WRITERS + 1) as pool:
        tailing = pool.submit(tail)
        writing = [pool.submit(partial(command if n % 2 else consume, n)) for n in range(WRITERS)]
        for one in writing:
            one.result()
        written.set()
        tailing.result()
    positions = [one.position for one in seen]
    assert positions == sorted(set(positions))
    assert len({one.envelope["id"] for one in seen}) == len(seen) == 1 + WRITERS * EACH
    assert {one.envelope["organization"] for one in seen} == {str(organization)}
    assert [one.envelope for one in seen] == [one.envelope for one in reading.after(organization, 0, 1_000)]


def test_nothing_is_written_down_of_an_organization_that_was_purged(world: World) -> None:
    organization, _ = world.organization()
    payload = renamed(organization, 1, 1)
    attributes = Envelope.parse(payload)
    world.views.heard.hear(attributes, payload)
    world.store.delete(organization)
    world.clock.now = datetime.max.replace(tzinfo=UTC)
    world.upkeep.sweep()
    assert world.store.find(Organization, organization).purged
    assert world.rows()["heard"] == world.rows()["audit"] == []
    late = renamed(organization, 1, 2)
    world.views.heard.hear(Envelope.parse(late), late)
    entry = Entry(
        uuid4(), organization, attributes.time, None, None, "PlatformRenamed", uuid4(), None, {"name": "b"}, None
    )
    world.views.audit.hear(entry)
    assert world.rows()["heard"] == world.rows()["audit"] == []


def test_a_rebuild_gives_every_event_its_old_place(world: World) -> None:
    organization, _ = world.organization()
    payload = renamed(organization, 1, 1)
    world.views.heard.hear(Envelope.parse(payload), payload)
    world.store.rename(organization, "Other")
    before = Feed(world.store).after(organization, 0, 10)
    assert [one.envelope["source"].split("/")[1] for one in before] == ["organizations", "platforms", "organizations"]
    assert before[1].envelope == json.loads(payload)
    assert rebuild(world.store).differing == {}
    assert Feed(world.store).after(organization, 0, 10) == before
    assert world.views.audit.read(organization, Wanted(), None, 10)


def test_no_event_that_names_an_organization_tells_a_persons_address_but_own_ones() -> None:
    """Own ones are read from the store, where the address is gone with its key; heard ones are kept as they are."""
    told = [event for event in EVENTS.values() if "organization_id" in event.model_fields]
    with_address = {event.context for event in told if {"email", "address"} & set(event.model_fields)}
    assert with_address == {"organizations"}
