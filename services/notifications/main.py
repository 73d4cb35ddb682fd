"""Builds the service and hands everything inwards; nothing happens at import."""

import logging
import time
from datetime import UTC, datetime

from fastapi import FastAPI
from nats.js.api import StorageType, StreamConfig
from psycopg import OperationalError

from contracts.envelope import parse_known
from contracts.streams import STREAMS, durables_of
from kit import service
from kit.bus import Bus
from kit.consumer import Consumer
from kit.database import Database, migrate
from kit.inbox import Inbox
from kit.keys import MasterKey
from kit.relay import Relay
from kit.service_keys import SubjectKeys
from notifications.application import Notifications
from notifications.composing import Composer
from notifications.messages import Letterhead
from notifications.publishing import publish
from notifications.sender import Sender
from notifications.settings import Settings
from notifications.smtp import MailServer
from notifications.subscribers import handlers
from notifications.views import SCHEMA, NotificationViews

NAME = "notifications"


def build(settings: Settings) -> FastAPI:
    """The service as an HTTP application; waits for the database, whose tables it makes."""
    database = Database(settings.postgres_dsn.get_secret_value())
    database.open()
    _migrated(database)
    keys = SubjectKeys(database, MasterKey(settings.master_key))
    app = Notifications(database, keys, NotificationViews(database), _now)
    bus = Bus(settings.nats_url, NAME, settings.nats_password)
    background = [consumer.run for consumer in _consumers(app, bus)]
    return service.build(
        NAME,
        database=database,
        bus=bus,
        routers=[],
        background=[_relay(app, bus).run, *background, _sender(app, bus, settings).run],
    )


def _consumers(app: Notifications, bus: Bus) -> list[Consumer]:
    known = handlers(app)
    return [
        Consumer(
            bus,
            durable.stream.name,
            durable.stream.subjects[0],
            Inbox(app.database, durable.name, parse_known, known),
        )
        for durable in durables_of(NAME)
    ]


def _relay(app: Notifications, bus: Bus) -> Relay:
    stream = STREAMS[NAME]
    config = StreamConfig(
        name=stream.name,
        subjects=list(stream.subjects),
        duplicate_window=stream.duplicate_window.total_seconds(),
        storage=StorageType.FILE,
        num_replicas=stream.replicas,
    )
    return Relay(app, bus, config, publish)


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


def _migrated(database: Database) -> None:
    """Make the tables, as soon as the database answers."""
    while True:
        try:
            migrate(database, [*service.SCHEMA, *SCHEMA])
            return
        except OperationalError as error:
            logging.getLogger(NAME).warning("waiting for the database: %s", type(error).__name__)
            time.sleep(0.5)


def _now() -> datetime:
    return datetime.now(UTC)
