"""Which events each service publishes and reads: from the services' own tables.

The only module of deploy that imports services, beside deploy.service_settings. What a service subscribes to is known
once it is constructed, so each is, as for a command of its command line, on a temporary database.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from contracts.catalogue import EVENTS
from contracts.event import Event
from contracts.streams import Consumer, feeds_of
from deploy.service_settings import known
from embedded import temporary_folder
from embedded.postgres import Postgres
from identity.service import IdentityService
from kit.security.keys import MasterKey
from notifications.service import NotificationsService
from organizations.service import OrganizationsService
from platforms.service import PlatformsService
from runtime.application import constructed
from runtime.definition import Service

_SERVICES: tuple[type[Service[Any]], ...] = (
    IdentityService,
    OrganizationsService,
    PlatformsService,
    NotificationsService,
)
_ENVIRONMENT = {
    "TRADEHALL_SERVICE_PORT": "1",
    "TRADEHALL_NATS_URL": "nats://127.0.0.1:1",
    "TRADEHALL_NATS_PASSWORD": "unused",
    "TRADEHALL_PUBLIC_URL": "http://localhost",
    "TRADEHALL_PORTAL_SECRET": "unused",
    "TRADEHALL_ERASURE_LIST": "unused",
    "TRADEHALL_SMTP_HOST": "localhost",
    "TRADEHALL_SMTP_PORT": "1",
    "TRADEHALL_SMTP_TLS": "off",
    "TRADEHALL_MAIL_FROM": "Tradehall <no-reply@tradehall.example>",
}


@dataclass(frozen=True)
class EventTables:
    """Contract events by the name of the service."""

    published: Mapping[str, tuple[type[Event], ...]]
    subscribed: Mapping[str, frozenset[type[Event]]]

    def read_by(self, consumer: Consumer) -> tuple[type[Event], ...]:
        """The events that a consumer handles, in the order of the catalogue."""
        wanted = self.subscribed[consumer.service]
        feed = consumer in feeds_of(consumer.service)
        return tuple(event for event in self.published[consumer.stream.owner] if feed or event in wanted)


@cache
def event_tables() -> EventTables:
    """Of all services that are on the bus. Takes seconds at the first call."""
    subscribed: dict[str, frozenset[type[Event]]] = {}
    with temporary_folder() as folder, Postgres(folder / "postgres", fsync=False) as server:
        for service in _SERVICES:
            own = {
                "TRADEHALL_POSTGRES_DSN": server.create_database(service.name),
                "TRADEHALL_MASTER_KEY": MasterKey.generate(),
            }
            settings = service.load_settings(known(service.name, {**_ENVIRONMENT, **own}))
            with constructed(service, settings) as made:
                subscribed[service.name] = frozenset(made.subscriptions())
    order = list(EVENTS.values()).index
    published = {service.name: tuple(sorted(service.publications.events, key=order)) for service in _SERVICES}
    return EventTables(published, subscribed)
