"""Builds the service and hands everything inwards; nothing happens at import."""

from datetime import UTC, datetime

from fastapi import FastAPI

from contracts.envelope import parse_known
from contracts.streams import STREAMS, durables_of
from kit import service
from kit.bus import Bus
from kit.consumer import consumers
from kit.database import opened
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
    database = opened(settings.postgres_dsn, [*service.SCHEMA, *SCHEMA])
    keys = SubjectKeys(database, MasterKey(settings.master_key))
    app = Notifications(database, keys, NotificationViews(database), _now)
    bus = Bus(settings.nats_url, NAME, settings.nats_password)
    background = [one.run for one in consumers(bus, database, durables_of(NAME), parse_known, handlers(app))]
    return service.build(
        NAME,
        database=database,
        bus=bus,
        routers=[],
        background=[Relay(app, bus, STREAMS[NAME], publish).run, *background, _sender(app, bus, settings).run],
    )


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
