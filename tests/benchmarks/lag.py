"""How far another service's read model lags behind: organizations' events, 500 each second, in platforms' copy of its
members.

Events are stored by the store of organizations itself, several with each commit; relay and consumer are those of the
running services. The reference is a plain subscriber of the bus, which does nothing with them.
"""

import asyncio
import itertools
import json
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

import nats
import psycopg
from nats.aio.msg import Msg
from pydantic import SecretStr

from contracts.permissions import Grant, Role
from embedded import temporary_folder
from embedded.nats import Nats
from embedded.ports import free_port
from embedded.postgres import Postgres
from kit.db.migrations import opened
from kit.eventstore.store import Store
from kit.messaging.bus import Bus
from kit.security.keys import MasterKey
from organizations.container import Container
from organizations.organizations.domain import Organization
from organizations.service import OrganizationsService
from runtime.application import migrations_of
from testing.waiting import wait_until
from tests.benchmarks.comparison import environment, running
from tests.benchmarks.figures import Bound, Figure, p99, show

EVENTS_PER_SECOND = 500
WITH_EACH_COMMIT = 5
SECONDS = 10
ORGANIZATIONS = 40
AT_MOST = 100.0  # ms
_DURABLE = "platforms-organizations"


def figures() -> Iterator[Figure]:
    """One."""
    with temporary_folder() as folder, Postgres(folder / "postgres", fsync=False) as server, Nats() as bus:
        dsns, master = [server.create_database(name) for name in ("organizations", "platforms")], MasterKey.generate()
        with _service("organizations", dsns[0], bus, master), _service("platforms", dsns[1], bus, master):
            database = opened(SecretStr(dsns[0]), migrations_of(OrganizationsService))
            out_of_reach = Bus("nats://127.0.0.1:1", "organizations", SecretStr("unused"))
            made = Container(
                database,
                MasterKey(SecretStr(master)),
                out_of_reach,
                lambda: datetime.now(UTC),
                OrganizationsService.publications.envelope,
            )
            store = made.store
            members = [_shared(made) for _ in range(ORGANIZATIONS)]
            with _watched(bus.url, dsns[1]) as (told, shown):
                wait_until(lambda: shown and max(shown) >= _last(store), 30, "the copy has all members")
                stored = _changes(store, members)
                last = max(stored)
                wait_until(lambda: max(shown) >= last and max(told) >= last, 60, "the copy has all changes")
            database.close()
    lags = [_first(shown, sequence) - at for sequence, at in stored.items()]
    heard = [told[sequence] - at for sequence, at in stored.items()]
    yield Figure(
        f"projection lag at {EVENTS_PER_SECOND} events/s",
        (Bound("ms p99", p99(lags), AT_MOST, most=True, form="{:.0f}"),),
        f"median {statistics.median(lags) * 1000:.0f} ms; a plain subscriber median "
        f"{statistics.median(heard) * 1000:.0f} ms, p99 {p99(heard):.0f} ms",
        "one transaction for each event",
    )


@contextmanager
def _service(name: str, dsn: str, bus: Nats, master: str) -> Iterator[None]:
    port = free_port()
    given = environment(port, dsn, bus.url, master, "http://localhost")
    with running(name, ["-m", name], given, port, "/livez"):
        yield


def _shared(made: Container) -> tuple[UUID, UUID, UUID]:
    """(an organization, its owner, a member)."""
    owner, member = uuid4(), uuid4()
    organization = made.organizations.create("Lag", owner)
    organization.join(member, Grant(role=Role.VIEWER), uuid4(), owner)
    made.store.save(organization)
    return organization.id, owner, member


def _changes(store: Store, members: list[tuple[UUID, UUID, UUID]]) -> dict[int, float]:
    """When the last event of each commit was stored, by its sequence."""
    stored = {}
    roles = itertools.cycle([Role.MANAGER, Role.VIEWER])
    begun, each = time.perf_counter(), WITH_EACH_COMMIT / EVENTS_PER_SECOND
    for number in range(EVENTS_PER_SECOND * SECONDS // WITH_EACH_COMMIT):
        time.sleep(max(0.0, begun + number * each - time.perf_counter()))
        organization_id, owner, member = members[number % len(members)]
        organization = store.find(Organization, organization_id)
        for _ in range(WITH_EACH_COMMIT):
            organization.change(member, {"role": next(roles)}, owner)
        store.save(organization)
        at = time.perf_counter()
        stored[_last(store)] = at
    return stored


def _last(store: Store) -> int:
    return store.recorder.max_notification_id() or 0


@contextmanager
def _watched(bus: str, dsn: str) -> Iterator[tuple[dict[int, float], dict[int, float]]]:
    """When a subscriber had each sequence, and when the copy had come to each that was seen there."""
    told, shown, over = dict[int, float](), dict[int, float](), threading.Event()

    async def on_event(message: Msg) -> None:
        told[json.loads(message.data)["sequence"]] = time.perf_counter()

    async def subscribe() -> None:
        connection = await nats.connect(bus)
        await connection.subscribe("evt.organizations.>", cb=on_event)
        await asyncio.to_thread(over.wait)
        await connection.close()

    def look() -> None:
        with psycopg.connect(dsn, autocommit=True) as connection:
            while not over.wait(0.002):
                row = connection.execute("SELECT max(sequence) FROM inbox WHERE durable = %s", (_DURABLE,)).fetchone()
                if row and row[0]:
                    shown.setdefault(row[0], time.perf_counter())

    threads = [threading.Thread(target=look), threading.Thread(target=lambda: asyncio.run(subscribe()))]
    for thread in threads:
        thread.start()
    try:
        yield told, shown
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _first(shown: dict[int, float], sequence: int) -> float:
    """When the copy was first seen to hold this event."""
    return next(at for reached, at in shown.items() if reached >= sequence)


if __name__ == "__main__":
    show(figures())
