"""Builds the service and hands everything inwards; nothing happens at import."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import FastAPI

from access import replicas
from access.checks import Access, PersonNeeded
from access.guard import Guard, asking_verifier
from access.operators import OperatorNeeded, Operators, operator_needed
from access.replicas import ClientReplica, MembershipReplica, RevocationReplica
from contracts.envelope import parse_known
from contracts.streams import STREAMS, consumers_of
from kit import service
from kit.db.database import Database, opened
from kit.http.idempotency import Idempotency
from kit.messaging.bus import Bus
from kit.messaging.consumer import consumers
from kit.messaging.inbox import Inbox
from kit.messaging.relay import Relay
from kit.operations import api as operations
from kit.operations.gauges import Ends, Gauges
from kit.security.keys import MasterKey
from kit.security.service_keys import ServiceKeys, SubjectKeys
from platforms import history, vault, views
from platforms.addresses import Policy
from platforms.api import checks, uses
from platforms.api import platforms as platform_routes
from platforms.api import reading as reading_routes
from platforms.application import Clock, Platforms
from platforms.checker import Checker, Schedule
from platforms.history import CheckHistory
from platforms.publishing import publish
from platforms.reading.kept import KeptClients
from platforms.reading.reader import Reader
from platforms.settings import Settings
from platforms.subscribers import handlers
from platforms.vault import Vault
from platforms.views import PlatformViews
from runtime.cli import Tools

NAME = "platforms"
SCHEMA = [*service.SCHEMA, *replicas.SCHEMA, *views.SCHEMA, *vault.SCHEMA, *history.SCHEMA]


@dataclass(frozen=True)
class Parts:
    """The inside of the service, without HTTP and bus."""

    store: Platforms
    checker: Checker
    schedule: Schedule
    idempotency: Idempotency


def build(settings: Settings) -> FastAPI:
    """The service as an HTTP application; waits for the database, whose tables it makes."""
    database = opened(settings.postgres_dsn, SCHEMA)
    policy = Policy(private_allowed=settings.private_networks == "allowed")
    parts = assemble(database, MasterKey(settings.master_key), policy, _now)
    bus = Bus(settings.nats_url, NAME, settings.nats_password)
    clients = KeptClients(parts.store.views, policy)
    access = Access(MembershipReplica(database), ClientReplica(database), RevocationReplica(database), bus)
    guard = Guard(asking_verifier(settings.public_url, bus, database), access)
    relay = Relay(parts.store, bus, STREAMS[NAME], publish, settings.stream_replicas)
    reading = consumers(bus, database, consumers_of(NAME), parse_known, handlers(parts.store))
    operator = operator_needed(guard, Operators(bus).has)
    return service.build(
        NAME,
        database=database,
        bus=bus,
        routers=[
            platform_routes.routes(parts.store, guard, parts.idempotency),
            platform_routes.credential_routes(parts.store, guard, policy),
            checks.routes(parts.store, parts.checker, guard, access, policy),
            uses.routes(parts.store, guard),
            reading_routes.routes(parts.store, Reader(parts.store, policy, clients), guard),
            *operations.routes(NAME, database, relay, reading, operator, OperatorNeeded, PersonNeeded),
        ],
        background=[
            relay.run,
            *(one.run for one in reading),
            Gauges(relay, reading, [Ends("certificate", database, history.CERTIFICATES)]).run,
            parts.schedule.run,
            clients.run,
        ],
    )


@contextmanager
def tools(settings: Settings) -> Iterator[Tools]:
    """For commands beside the running service, while the database is open."""
    database = opened(settings.postgres_dsn, SCHEMA)
    try:
        policy = Policy(private_allowed=settings.private_networks == "allowed")
        master = MasterKey(settings.master_key)
        bus = Bus(settings.nats_url, NAME, settings.nats_password)
        store = assemble(database, master, policy, _now).store
        known = handlers(store)
        inboxes = [Inbox(database, one.name, parse_known, known) for one in consumers_of(NAME)]
        # Of people it has ids only, which are no names.
        yield Tools(store, master, bus, STREAMS[NAME].name, publish, inboxes, lambda _: None)
    finally:
        database.close()


def assemble(database: Database, master: MasterKey, policy: Policy, clock: Clock) -> Parts:
    """The inside of the service on a database that has its tables."""
    keys = ServiceKeys(database, master)
    subjects = SubjectKeys(database, master)
    store = Platforms(
        database,
        subjects,
        PlatformViews(database),
        Vault(database, subjects, keys.key("credential-fingerprint")),
        CheckHistory(database),
        clock,
    )
    checker = Checker(store, policy)
    idempotency = Idempotency(store, keys.key("idempotency"))
    return Parts(store, checker, Schedule(store, checker, idempotency), idempotency)


def _now() -> datetime:
    return datetime.now(UTC)
