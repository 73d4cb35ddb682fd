"""The feed of an organization's events under writers: no hole, nothing twice, nothing after a purge."""

import json
import re
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any, LiteralString
from uuid import UUID, uuid4

import pytest
from psycopg.sql import Composed

from contracts import platforms
from contracts.catalogue import EVENTS
from contracts.envelope import Envelope
from kit.db.database import Database, Row
from kit.eventstore.rebuild import rebuild
from kit.messaging.inbox import Inbox
from organizations.audit.views import AuditFilter, Entry
from organizations.feed import events as feed_events
from organizations.feed.service import FeedItem
from organizations.feed.views import ForeignEvents
from organizations.organizations.domain import Organization
from organizations.tests.world import World, container

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
def replica(world: World, postgres_dsn: str) -> Iterator[ForeignEvents]:
    """The foreign events of a second process of the service, on connections of its own."""
    database = Database(postgres_dsn)
    database.open()
    yield container(database, world.master, world.clock).views.foreign
    database.close()


def test_a_reader_of_16_writers_sees_every_event_once(world: World, replica: ForeignEvents) -> None:
    organization, _ = world.organization()
    other, _ = world.organization()
    reading, seen = world.feed, list[FeedItem]()
    written = threading.Event()

    def command(number: int) -> None:
        for turn in range(EACH):
            world.organizations.rename(organization, f"{number} {turn}")
            if turn % 5 == 0:
                world.organizations.rename(other, f"{number} {turn}")

    def consume(number: int) -> None:
        inbox = Inbox(replica.database, f"feed-{number}", feed_events.parse, feed_events.handlers(replica))
        for turn in range(1, EACH + 1):
            with replica.database.transaction() as cursor:
                assert inbox.take(inbox.read(renamed(organization, number, turn))) == "done"
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


def test_foreign_events_of_a_purged_organization_are_not_stored(world: World) -> None:
    organization, _ = world.organization()
    payload = renamed(organization, 1, 1)
    attributes = Envelope.parse(payload)
    world.views.foreign.add(attributes, payload)
    world.organizations.delete(organization)
    world.clock.now = datetime.max.replace(tzinfo=UTC)
    world.housekeeping.run()
    assert world.store.find(Organization, organization).purged
    assert world.rows()["heard"] == world.rows()["audit"] == []
    late = renamed(organization, 1, 2)
    world.views.foreign.add(Envelope.parse(late), late)
    entry = Entry(
        uuid4(), organization, attributes.time, None, None, "PlatformRenamed", uuid4(), None, {"name": "b"}, None
    )
    world.views.audit.add_foreign(entry)
    assert world.rows()["heard"] == world.rows()["audit"] == []


def test_a_rebuild_keeps_the_position_of_every_event(world: World) -> None:
    organization, _ = world.organization()
    payload = renamed(organization, 1, 1)
    world.views.foreign.add(Envelope.parse(payload), payload)
    world.organizations.rename(organization, "Other")
    before = world.feed.after(organization, 0, 10)
    assert [one.envelope["source"].split("/")[1] for one in before] == ["organizations", "platforms", "organizations"]
    assert before[1].envelope == json.loads(payload)
    assert rebuild(world.store).differing == {}
    assert world.feed.after(organization, 0, 10) == before
    assert world.views.audit.read(organization, AuditFilter(), None, 10)


def test_no_foreign_event_of_an_organization_contains_an_address() -> None:
    """Own events are read from the store, where the address is erased with its key; foreign ones are kept unchanged."""
    of_organizations = [event for event in EVENTS.values() if "organization_id" in event.model_fields]
    with_address = {event.context for event in of_organizations if {"email", "address"} & set(event.model_fields)}
    assert with_address == {"organizations"}


def test_limits_cover_every_field_that_names_a_platform() -> None:
    """The feed looks at `platform_id`, the audit trail at the type, and both at `limits` in what they show."""
    names = {kind: set(_properties(kind.model_json_schema())) for kind in EVENTS.values()}
    about_one = {kind for kind, found in names.items() if "platform_id" in found}
    assert about_one == {kind for kind in names if kind.context == "platforms"}
    assert about_one == {kind for kind in names if kind.__name__.startswith("Platform")}
    naming = {name for found in names.values() for name in found if "platform" in name}
    assert naming == {"platform_id", "limits.platforms"}


def _properties(schema: Any, definitions: Any = None, inside: str = "") -> Iterator[str]:
    """The names of all fields, and of what they hold, those of limits after `limits.`."""
    definitions = definitions or schema.get("$defs", {})
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    for name, field in schema.get("properties", {}).items():
        yield inside + name
        yield from _properties(field, definitions, "limits." if name == "limits" else "")
    for one in schema.get("allOf", []) + schema.get("anyOf", []):
        yield from _properties(one, definitions, inside)


class Explained(Database):
    """A database that keeps the plan of the last query."""

    plan = ""

    def all(self, query: LiteralString | Composed, params: Any = None) -> Sequence[Row]:
        assert isinstance(query, str)
        rows = super().all("EXPLAIN (ANALYZE, COSTS off, TIMING off) " + query, params)
        self.plan = "\n".join(row["QUERY PLAN"] for row in rows)
        return super().all(query, params)


def test_a_reader_with_limits_skips_hidden_events_safely(world: World, postgres_dsn: str) -> None:
    organization, _ = world.organization()
    shown, hidden = uuid4(), uuid4()
    world.database.execute(
        "INSERT INTO heard (organization_id, source, sequence, envelope) "
        "SELECT %s, '/platforms/e1', n, json_build_object('data', json_build_object('platform_id', "
        "CASE WHEN n %% 5000 = 0 THEN %s ELSE %s END)) FROM generate_series(1, 20000) AS n",
        (organization, str(shown), str(hidden)),
    )
    world.database.execute("ANALYZE heard")
    database = Explained(postgres_dsn)
    database.open()
    foreign = ForeignEvents(database)
    for limit in (2, 51):
        placed = foreign.after(organization, 0, limit, [shown])
        assert len(placed) == min(limit, 5)
        assert "heard_of_platform" in database.plan
        assert "Filter" not in database.plan
        assert max(map(int, re.findall(r"rows=(\d+)", database.plan))) <= len(placed) + 1
    database.close()
