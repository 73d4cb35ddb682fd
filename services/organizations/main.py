"""Builds the service and hands everything inwards; nothing happens at import."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from nats.js.api import StorageType, StreamConfig
from psycopg import OperationalError

from access import copies
from access.checks import Access
from access.copies import ClientsCopy, EndedCopy
from access.guard import Guard
from contracts import rpc
from contracts.email import normal
from contracts.envelope import parse_known
from contracts.permissions import Grant
from contracts.streams import STREAMS, durables_of
from kit import service
from kit.bus import Bus
from kit.consumer import Consumer
from kit.database import Database, migrate
from kit.errors import Unavailable
from kit.idempotency import Idempotency
from kit.inbox import Inbox
from kit.keys import MasterKey, keyed_hash
from kit.relay import Relay
from kit.service_keys import ServiceKeys, SubjectKeys
from kit.settings import ServiceSettings
from kit.tokens import Verifier
from organizations import people, shredder, views
from organizations.api import audit, invitations, members
from organizations.api import organizations as organization_routes
from organizations.application import Clock, Organizations
from organizations.invitations import Invitations
from organizations.links import Links
from organizations.people import People
from organizations.publishing import publish
from organizations.shredder import Shredder
from organizations.subscribers import answer_requests, handlers
from organizations.upkeep import Upkeep
from organizations.views import AllViews

NAME = "organizations"
SCHEMA = [*service.SCHEMA, *copies.SCHEMA, *people.SCHEMA, *views.SCHEMA, *shredder.SCHEMA]


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
    shredder: Shredder


def build(settings: ServiceSettings) -> FastAPI:
    """The service as an HTTP application; waits for the database, whose tables it makes."""
    database = Database(settings.postgres_dsn.get_secret_value())
    database.open()
    _migrated(database)
    bus = Bus(settings.nats_url, NAME, settings.nats_password)
    parts = assemble(database, MasterKey(settings.master_key), bus, _now)
    answer_requests(bus, parts.store, parts.invitations)
    access = Access(OwnMembers(parts.store), ClientsCopy(database), EndedCopy(database), bus)
    guard = Guard(_verifier(settings, bus, database), access)
    store = parts.store
    return service.build(
        NAME,
        database=database,
        bus=bus,
        routers=[
            organization_routes.routes(store, guard, access, parts.idempotency),
            members.routes(store, guard),
            invitations.routes(parts.invitations, store, guard, parts.idempotency),
            invitations.link_routes(parts.invitations, store, guard),
            audit.routes(store, guard),
        ],
        background=[
            _relay(store, bus).run,
            *(consumer.run for consumer in _consumers(parts, bus)),
            parts.upkeep.run,
            parts.shredder.run,
        ],
    )


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
    shreds = Shredder(database, bus, STREAMS[NAME].name)
    upkeep = Upkeep(store, idempotency, shreds)
    return Parts(store, Invitations(store, Links(link_key), hash_of), upkeep, idempotency, shreds)


def _verifier(settings: ServiceSettings, bus: Bus, database: Database) -> Verifier:
    async def fetch() -> Mapping[str, Any]:
        reply = await bus.ask(rpc.JWKS.subject, rpc.JwksRequest(), rpc.JWKS.reply)
        if reply.ok is None:
            raise Unavailable
        return {"keys": list(reply.ok.keys)}

    return Verifier(settings.public_url, f"{settings.public_url}/api", fetch, database)


def _consumers(parts: Parts, bus: Bus) -> list[Consumer]:
    known = handlers(parts.store, parts.store.people, parts.upkeep)
    return [
        Consumer(
            bus,
            durable.stream.name,
            durable.stream.subjects[0],
            Inbox(parts.store.database, durable.name, parse_known, known),
        )
        for durable in durables_of(NAME)
    ]


def _relay(store: Organizations, bus: Bus) -> Relay:
    stream = STREAMS[NAME]
    config = StreamConfig(
        name=stream.name,
        subjects=list(stream.subjects),
        duplicate_window=stream.duplicate_window.total_seconds(),
        storage=StorageType.FILE,
        num_replicas=stream.replicas,
    )
    return Relay(store, bus, config, publish)


def _migrated(database: Database) -> None:
    log = logging.getLogger("organizations")
    while True:
        try:
            migrate(database, SCHEMA)
            return
        except OperationalError as error:
            log.warning("the database does not answer yet: %s", type(error).__name__)
            time.sleep(0.5)


def _now() -> datetime:
    return datetime.now(UTC)
