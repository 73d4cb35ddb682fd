"""Builds the service and hands everything inwards; nothing happens at import."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from fastapi import FastAPI

from access import replicas
from access.checks import Access, PersonNeeded
from access.guard import Guard, asking_verifier
from access.operators import OperatorNeeded, Operators, operator_needed
from access.replicas import ClientReplica, RevocationReplica
from contracts.email import normal
from contracts.envelope import parse_known
from contracts.permissions import Grant
from contracts.streams import STREAMS, consumers_of, feeds_of
from kit import service
from kit.db.database import Database
from kit.db.migrations import opened
from kit.db.reads import Reads
from kit.http.idempotency import Idempotency
from kit.http.request_middleware import address_of
from kit.messaging import stream_eraser as shredder
from kit.messaging.bus import Bus
from kit.messaging.consumer import consumers
from kit.messaging.inbox import Inbox
from kit.messaging.relay import Relay
from kit.messaging.stream_eraser import StreamEraser
from kit.operations import api as operations
from kit.operations.gauges import Gauges
from kit.security import rate_limiter as limiter
from kit.security.keys import MasterKey, keyed_hash
from kit.security.rate_limiter import FailureThrottle, RateLimiter
from kit.security.service_keys import ServiceKeys, SubjectKeys
from kit.settings import ServiceSettings
from organizations import feed, people, views
from organizations.api import audit, hot, invitations, members
from organizations.api import organizations as organization_routes
from organizations.application import Clock, Organizations
from organizations.invitations import Invitations
from organizations.links import Links
from organizations.people import People
from organizations.publishing import publish
from organizations.subscribers import answer_requests, handlers
from organizations.upkeep import Upkeep
from organizations.views import AllViews
from organizations.views.organizations import GRANTED
from runtime.cli import Tools

NAME = "organizations"
SCHEMA = [
    *service.SCHEMA,
    *replicas.SCHEMA,
    *people.SCHEMA,
    *views.SCHEMA,
    ("organizations-shredder-1", shredder.SCHEMA),
    *limiter.SCHEMA,
]


class OwnMembers:
    """Memberships from the service's own tables."""

    authoritative = True

    def __init__(self, store: Organizations) -> None:
        self._store = store

    def find(self, organization_id: UUID, user_id: UUID) -> Grant | None:
        """What the person holds; their first organization is made when this is what they ask for."""
        return self._store.grant_of(organization_id, user_id)


@dataclass(frozen=True)
class Parts:
    """The inside of the service, without HTTP."""

    store: Organizations
    invitations: Invitations
    upkeep: Upkeep
    idempotency: Idempotency
    shredder: StreamEraser
    limiter: RateLimiter


def build(settings: ServiceSettings) -> FastAPI:
    """The service as an HTTP application; waits for the database, whose tables it makes."""
    database = opened(settings.postgres_dsn, SCHEMA)
    bus = Bus(settings.nats_url, NAME, settings.nats_password)
    parts = assemble(database, MasterKey(settings.master_key), bus, _now)
    answer_requests(bus, parts.store, parts.invitations)
    access = Access(OwnMembers(parts.store), ClientReplica(database), RevocationReplica(database), bus)
    store, reads = parts.store, Reads(settings.postgres_dsn.get_secret_value())
    guard = Guard(asking_verifier(settings.public_url, bus, database), access, reads, GRANTED)
    known = handlers(store, store.people, parts.upkeep)
    relay = Relay(store, bus, STREAMS[NAME], publish, settings.stream_replicas)
    reading = [
        *consumers(bus, database, consumers_of(NAME), parse_known, known),
        *consumers(bus, database, feeds_of(NAME), feed.parse, feed.handlers(store.views.heard)),
    ]
    operator = operator_needed(guard, Operators(bus).has)
    misses = FailureThrottle(parts.limiter, invitations.UNKNOWN_LINKS, _now)
    proxies = settings.proxies
    create = organization_routes.creating(store, parts.idempotency)
    invite = invitations.inviting(parts.invitations, parts.idempotency, parts.limiter)
    return service.build(
        NAME,
        database=database,
        bus=bus,
        routers=[
            organization_routes.routes(store, guard, access, create),
            members.routes(store, guard),
            invitations.routes(parts.invitations, store, guard, parts.limiter, invite),
            invitations.link_routes(
                parts.invitations, store, guard, misses, lambda request: address_of(request, proxies)
            ),
            audit.routes(store, guard),
            *operations.routes(NAME, database, relay, reading, operator, OperatorNeeded, PersonNeeded),
        ],
        background=[
            relay.run,
            *(one.run for one in reading),
            Gauges(relay, reading).run,
            parts.upkeep.run,
            partial(parts.shredder.run, bus),
            reads.run,
        ],
        direct={**hot.lists(reads, guard), **hot.commands(reads, guard, parts.invitations.hash_of, create, invite)},
    )


@contextmanager
def tools(settings: ServiceSettings) -> Iterator[Tools]:
    """For commands beside the running service, while the database is open."""
    database = opened(settings.postgres_dsn, SCHEMA)
    try:
        master = MasterKey(settings.master_key)
        bus = Bus(settings.nats_url, NAME, settings.nats_password)
        parts = assemble(database, master, bus, _now)
        known = handlers(parts.store, parts.store.people, parts.upkeep)
        feeding = feed.handlers(parts.store.views.heard)
        inboxes = [
            *(Inbox(database, one.name, parse_known, known) for one in consumers_of(NAME)),
            *(Inbox(database, one.name, feed.parse, feeding) for one in feeds_of(NAME)),
        ]
        yield Tools(parts.store, master, bus, STREAMS[NAME].name, publish, inboxes, parts.upkeep.erase)
    finally:
        database.close()


def assemble(database: Database, master: MasterKey, bus: Bus, clock: Clock) -> Parts:
    """The inside of the service on a database that has its tables."""
    keys = ServiceKeys(database, master)
    email_key, link_key = keys.key("email"), keys.key("invitation-link")

    def hash_of(address: str) -> bytes:
        return keyed_hash(email_key, "email", normal(address))

    store = Organizations(
        database, SubjectKeys(database, master), AllViews(database, hash_of), People(database, bus, hash_of), clock
    )
    idempotency = Idempotency(store, keys.key("idempotency"))
    shreds = StreamEraser(database, STREAMS[NAME])
    limits = RateLimiter(database, keys.key("limits"), clock)
    upkeep = Upkeep(store, idempotency, shreds, limits)
    return Parts(store, Invitations(store, Links(link_key), hash_of), upkeep, idempotency, shreds, limits)


def _now() -> datetime:
    return datetime.now(UTC)
