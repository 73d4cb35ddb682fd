"""Builds the service and hands everything inwards; nothing happens at import."""

from collections.abc import Iterator
from contextlib import contextmanager
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
from kit.db.database import Database
from kit.db.migrations import opened
from kit.messaging.bus import Bus
from kit.messaging.consumer import consumers
from kit.messaging.inbox import Inbox
from kit.messaging.relay import Relay
from kit.operations import api as operations
from kit.operations.gauges import Gauges
from kit.security.keys import MasterKey
from kit.security.service_keys import SubjectKeys
from notifications import api, views
from notifications.application import Notifications
from notifications.composing import Composer
from notifications.messages import Letterhead
from notifications.publishing import publish
from notifications.sender import Sender
from notifications.settings import Settings
from notifications.smtp import MailServer
from notifications.subscribers import handlers
from notifications.views import NotificationViews
from runtime.cli import Tools

NAME = "notifications"
SCHEMA = [*service.SCHEMA, *replicas.SCHEMA, *views.SCHEMA]


def build(settings: Settings) -> FastAPI:
    """The service as an HTTP application; waits for the database, whose tables it makes."""
    database = opened(settings.postgres_dsn, SCHEMA)
    app = _application(database, settings)
    bus = Bus(settings.nats_url, NAME, settings.nats_password)
    relay = Relay(app, bus, STREAMS[NAME], publish, settings.stream_replicas)
    ended = RevocationReplica(database)
    reading = consumers(
        bus, database, consumers_of(NAME), parse_known, {**handlers(app), **dict(ended.subscriptions())}
    )
    # Nobody acts for an organization here, so the copies of members and clients stay empty.
    access = Access(MembershipReplica(database), ClientReplica(database), ended, bus)
    guard = Guard(asking_verifier(settings.public_url, bus, database), access)
    operator = operator_needed(guard, Operators(bus).has)
    return service.build(
        NAME,
        database=database,
        bus=bus,
        routers=[
            *operations.routes(NAME, database, relay, reading, operator, OperatorNeeded, PersonNeeded),
            api.routes(app.views, operator, OperatorNeeded, PersonNeeded),
        ],
        background=[
            relay.run,
            *(one.run for one in reading),
            Gauges(relay, reading).run,
            _sender(app, bus, settings).run,
        ],
    )


@contextmanager
def tools(settings: Settings) -> Iterator[Tools]:
    """For commands beside the running service, while the database is open."""
    database = opened(settings.postgres_dsn, SCHEMA)
    try:
        app = _application(database, settings)
        known = {**handlers(app), **dict(RevocationReplica(database).subscriptions())}
        master = MasterKey(settings.master_key)
        bus = Bus(settings.nats_url, NAME, settings.nats_password)
        inboxes = [Inbox(database, one.name, parse_known, known) for one in consumers_of(NAME)]
        yield Tools(app, master, bus, STREAMS[NAME].name, publish, inboxes, app.copies.erase_person)
    finally:
        database.close()


def _application(database: Database, settings: Settings) -> Notifications:
    keys = SubjectKeys(database, MasterKey(settings.master_key))
    return Notifications(database, keys, NotificationViews(database), _now)


def _sender(app: Notifications, bus: Bus, settings: Settings) -> Sender:
    return Sender(
        app,
        Composer(bus, app.copies, settings.public_url, app.clock),
        Letterhead(settings.sender, settings.host),
        MailServer(
            settings.smtp_host,
            settings.smtp_port,
            settings.smtp_user,
            settings.smtp_password,
            settings.smtp_tls,
            helo=settings.host,
        ),
    )


def _now() -> datetime:
    return datetime.now(UTC)
