"""The running service: its HTTP application with relay, consumers, gauges and workers."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

from anyio.from_thread import start_blocking_portal
from fastapi import FastAPI

from access import replicas
from access.checks import UserRequired
from access.operators import OperatorRequired, operator_needed
from contracts.streams import consumers_of, feeds_of
from kit import service as shell
from kit.db.migrations import Migrations, opened
from kit.http.request_middleware import address_of
from kit.messaging.bus import Bus
from kit.messaging.consumer import ConsumerRunner
from kit.messaging.relay import Relay
from kit.operations import api as operations
from kit.operations.gauges import Gauges
from kit.security.keys import MasterKey
from kit.settings import ServiceSettings
from runtime.definition import Environment, Service, Web

S = TypeVar("S", bound=ServiceSettings)
_CONNECT_SECONDS = 3.0


def migrations_of(service: type[Service[S]]) -> Migrations:
    """All migrations of a service's database, in order."""
    return [*shell.SCHEMA, *replicas.SCHEMA, *service.migrations]


def construct(service: type[Service[S]], settings: S, clock: Callable[[], datetime] | None = None) -> Service[S]:
    """The service on its database; waits for the server, and makes the tables."""
    database = opened(settings.postgres_dsn, migrations_of(service))
    bus = Bus(settings.nats_url, service.name, settings.nats_password)
    given = Environment(settings, database, bus, MasterKey(settings.master_key), *([clock] if clock else []))
    return service(given)


@contextmanager
def constructed(service: type[Service[S]], settings: S) -> Iterator[Service[S]]:
    """The service for a command beside the running one; its database is closed afterwards."""
    made = construct(service, settings)
    try:
        yield made
    finally:
        made.database.close()


@contextmanager
def connected(bus: Bus) -> Iterator[None]:
    """The bus runs meanwhile, for a command that asks other services; waits up to three seconds for it."""
    with start_blocking_portal() as portal:
        running = portal.start_task_soon(bus.run)
        try:
            until = time.monotonic() + _CONNECT_SECONDS
            while not bus.connected and time.monotonic() < until:
                time.sleep(0.02)
            yield
        finally:
            running.cancel()


def build(service: type[Service[S]], settings: S, clock: Callable[[], datetime] | None = None) -> FastAPI:
    """The service as an HTTP application; waits for the database, whose tables it makes."""
    return application(construct(service, settings, clock))


def application(service: Service[S]) -> FastAPI:
    """The HTTP application of a service that is constructed already."""
    settings, name, proxies = service.environment.settings, service.name, service.environment.settings.proxies
    service.answer_requests()
    relay = Relay(service.store, service.bus, service.stream, service.publications.message, settings.stream_replicas)
    places = {one.name: one.stream for one in (*consumers_of(name), *feeds_of(name))}
    consumers = [
        ConsumerRunner(service.bus, places[inbox.durable].name, places[inbox.durable].subjects[0], inbox)
        for inbox in service.inboxes()
    ]
    guard = service.guard()
    web = Web(guard, operator_needed(guard, service.is_operator()), lambda request: address_of(request, proxies))
    return shell.build(
        name,
        database=service.database,
        bus=service.bus,
        routers=[
            *service.routers(web),
            *operations.routes(name, service.database, relay, consumers, web.operator, OperatorRequired, UserRequired),
        ],
        direct=service.direct_endpoints(web),
        background=[
            relay.run,
            *(one.run for one in consumers),
            Gauges(relay, consumers, service.expirations()).run,
            *service.workers(),
        ],
    )
