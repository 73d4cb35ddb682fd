"""Builds the service and hands everything inwards; nothing happens at import."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

from fastapi import APIRouter, FastAPI, Request

from access.checks import Access, PersonNeeded
from access.guard import Guard
from access.operators import OperatorNeeded, operator_needed
from access.replicas import MembershipReplica
from contracts.envelope import parse_known
from contracts.streams import STREAMS, consumers_of
from identity import oauth
from identity.answers import ClientAnswers, PeopleAnswers
from identity.clients import api as client_routes
from identity.clients import views as clients
from identity.container import ENDS_WITH_A_RESTORE, SCHEMA, Parts
from identity.events import publish
from identity.oauth.revoke.service import EndedTokens
from identity.operators import api as account_operations
from identity.pages.hosted import hosted_pages
from identity.pages.rendering import Renderer
from identity.people import api as people_routes
from identity.registration.service import OF_A_NETWORK
from identity.sessions.cookies import SessionCookie
from identity.sessions.service import EndedSessions
from identity.settings import Settings
from identity.worker import Worker
from kit import service
from kit.db.migrations import opened
from kit.http.request_middleware import address_of
from kit.messaging.bus import Bus
from kit.messaging.consumer import consumers
from kit.messaging.inbox import Inbox
from kit.messaging.relay import Relay
from kit.operations import api as operations
from kit.operations.gauges import Expirations, Gauges
from kit.security.keys import MasterKey
from kit.security.rate_limiter import rate_limited
from kit.security.tokens import Verifier
from runtime.cli import Tools

NAME = "identity"


def build(settings: Settings, clock: Callable[[], datetime] | None = None) -> FastAPI:
    """The service as an HTTP application; waits for the database, whose tables it makes."""
    database = opened(settings.postgres_dsn, SCHEMA)
    parts = Parts(settings, database, clock or _now)
    parts.signing_keys.ensure()
    bus = Bus(settings.nats_url, NAME, settings.nats_password)
    PeopleAnswers(parts.store, parts.views, parts.sessions, parts.secrets, parts.clock).serve(bus)
    ClientAnswers(parts.signing_keys, parts.clients).serve(bus)
    members = MembershipReplica(database)
    reading = consumers(bus, database, consumers_of(NAME), parse_known, dict(members.subscriptions()))
    relay = Relay(parts.store, bus, STREAMS[NAME], publish, settings.stream_replicas)
    verifier = _verifier(parts, settings)
    ended = EndedTokens(EndedSessions(parts.sessions), parts.views)
    guard = Guard(verifier, Access(members, parts.clients, ended, bus))
    operator = operator_needed(guard, lambda user: parts.people.find(user).operator)
    endpoints = oauth.TokenEndpoints(
        parts.oauth, verifier, parts.changes, _caller_address(settings), parts.wrong_credentials
    )
    return service.build(
        NAME,
        database=database,
        bus=bus,
        routers=[
            *_routers(parts, settings, bus, guard, endpoints),
            *operations.routes(NAME, database, relay, reading, operator, OperatorNeeded, PersonNeeded),
            account_operations.routes(operator, parts.guesses),
        ],
        direct={"POST /oauth2/token": endpoints.token, "POST /oauth2/introspect": endpoints.introspect},
        background=[
            relay.run,
            *(one.run for one in reading),
            Gauges(relay, reading, [Expirations("client-secret", database, clients.SECRETS)]).run,
            partial(parts.shredder.run, bus),
            parts.changes.run,
            parts.secret_uses.run,
            Worker(database, parts.work_one, parts.tidy).run,
        ],
    )


@contextmanager
def tools(settings: Settings) -> Iterator[Tools]:
    """For commands beside the running service, while the database is open."""
    database = opened(settings.postgres_dsn, SCHEMA)
    try:
        parts = Parts(settings, database, _now)
        bus = Bus(settings.nats_url, NAME, settings.nats_password)
        known = dict(MembershipReplica(database).subscriptions())
        inboxes = [Inbox(database, one.name, parse_known, known) for one in consumers_of(NAME)]
        yield Tools(
            parts.store,
            MasterKey(settings.master_key),
            bus,
            STREAMS[NAME].name,
            publish,
            inboxes,
            parts.erasure.erase_if_known,
            ENDS_WITH_A_RESTORE,
        )
    finally:
        database.close()


def _routers(
    parts: Parts,
    settings: Settings,
    bus: Bus,
    guard: Guard,
    endpoints: oauth.TokenEndpoints,
) -> list[APIRouter]:
    cookie = SessionCookie(parts.sessions, secure=settings.secure)
    show = Renderer(secure=settings.secure)
    caller_address = _caller_address(settings)
    return [
        people_routes.open_router(parts.registration, rate_limited(parts.limiter, OF_A_NETWORK, caller_address)),
        people_routes.own_router(guard, parts.people, parts.passwords, parts.sessions, parts.hashing),
        client_routes.routes(parts.clients, guard, parts.idempotency),
        oauth.routes(
            parts.oauth,
            parts.signing_keys,
            parts.people,
            cookie.session_of,
            show.refused,
            guard,
            endpoints,
        ),
        *hosted_pages(parts, settings, bus, show, cookie, caller_address),
    ]


def _caller_address(settings: Settings) -> Callable[[Request], str]:
    proxies = settings.proxies
    return lambda request: address_of(request, proxies)


def _verifier(parts: Parts, settings: Settings) -> Verifier:
    async def fetch() -> Mapping[str, Any]:
        return parts.signing_keys.jwks()

    return Verifier(settings.public_url, f"{settings.public_url}/api", fetch, parts.database)


def _now() -> datetime:
    return datetime.now(UTC)
