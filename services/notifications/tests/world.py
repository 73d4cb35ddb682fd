"""Shared by the tests: a clock to set, events as other services publish them, and the service."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from pydantic import SecretStr

from contracts.event import Event
from contracts.identity import UserRegistered
from kit.db.database import Database
from kit.messaging.bus import Bus
from kit.security.keys import MasterKey
from notifications.deliveries.domain import Notification
from notifications.deliveries.sender import Sender
from notifications.deliveries.views import NotificationRow
from notifications.service import NotificationsService
from notifications.settings import Settings
from runtime.definition import Environment
from testing.clock import Clock
from testing.events import enveloped
from testing.service import NOWHERE, settings_of

PUBLIC_URL = "https://hall.example"
START = datetime(2025, 3, 5, 14, 7, tzinfo=UTC)
NOBODY_LISTENS = 9  # the discard port
MASTER = MasterKey.generate()
BUS_PASSWORD = "on-the-bus"
EVENTS = {each for each in vars(Notification).values() if getattr(each, "TOPIC", None)}
"""Every event class of the domain."""


def settings(dsn: str = "postgresql://nowhere", nats_url: str = NOWHERE, **changes: Any) -> Settings:
    """Settings that would do, with changes."""
    values: dict[str, Any] = {
        "nats_password": BUS_PASSWORD,
        "master_key": MASTER,
        "public_url": PUBLIC_URL,
        "smtp_host": "127.0.0.1",
        "smtp_port": NOBODY_LISTENS,
        "smtp_tls": "off",
        "mail_from": "Tradehall <no-reply@hall.example>",
    }
    return settings_of(Settings, dsn, nats_url, **(values | changes))


@dataclass
class Source:
    """A service whose events are made up here, in order."""

    clock: Callable[[], datetime]
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def says(
        self, event: Event, *, subject: UUID | None = None, correlation: str = "request-1", version: int | None = None
    ) -> bytes:
        """The message for the bus; its subject is the first id that the event names."""
        first = subject or next(value for value in event.__dict__.values() if isinstance(value, UUID))
        number = next(self.numbers)
        return enveloped(
            event,
            first,
            sequence=number,
            version=version or number + 2,
            time=self.clock(),
            organization=getattr(event, "organization_id", None),
            actor=str(uuid4()),
            correlation=correlation,
        ).to_json()


class World:
    """The service without a process, on a real database, and events for it."""

    def __init__(self, dsn: str, nats_url: str = NOWHERE, **changes: Any) -> None:
        self.database = Database(dsn)
        self.database.open()
        self.clock = Clock(START)
        self.settings = settings(dsn, nats_url, **changes)
        self.service = self._service(self._bus())
        self.app = self.service.notifications
        self.views = self.app.views
        self.mails = self.service.mails
        self.recipients = self.service.recipients
        self.identity = Source(self.clock)
        self.organizations = Source(self.clock)
        self._inboxes = {inbox.durable.rpartition("-")[2]: inbox for inbox in self.service.inboxes()}

    def hears(self, event: Event, **about: Any) -> bytes:
        """Take an event from its service, and answer the message so that it can be taken again."""
        message = getattr(self, event.context).says(event, **about)
        assert self.takes(event.context, message) in ("done", "skipped")
        return message  # type: ignore[no-any-return]

    def takes(self, context: str, message: bytes) -> str:
        """Take a message as it comes from the bus."""
        inbox = self._inboxes[context]
        return inbox.take(inbox.read(message))

    def meets(self, email: str = "ada@mail.example", name: str | None = "Ada") -> UUID:
        """Add a user by an invitation, so that no mail is due. Returns their id."""
        user_id = uuid4()
        self.hears(UserRegistered(user_id=user_id, email=email, name=name, via="invitation"))
        return user_id

    def rows(self) -> list[NotificationRow]:
        """The table of notifications, newest first."""
        return list(self.views.latest())

    def row(self) -> NotificationRow:
        """The only notification there is."""
        [row] = self.rows()
        return row

    def sends(self, *, attempts: int = 50) -> int:
        """Attempt what is due now, each with a connection of its own; answers how many attempts there were."""
        return asyncio.run(self._send(attempts))

    async def _send(self, attempts: int) -> int:
        bus = self._bus()
        running = asyncio.create_task(bus.run())
        try:
            if self.settings.nats_url != NOWHERE:
                async with asyncio.timeout(10):
                    while not bus.connected:
                        await bus.quiet(10)
            sender = self.sender(bus)
            for done in range(attempts):
                if not await sender.step():
                    return done
            return attempts
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    def sender(self, bus: Bus) -> Sender:
        """The worker, on a bus of its own."""
        return self._service(bus).sender()

    def close(self) -> None:
        self.database.close()

    def _bus(self) -> Bus:
        return Bus(self.settings.nats_url, "notifications", self.settings.nats_password)

    def _service(self, bus: Bus) -> NotificationsService:
        master = MasterKey(SecretStr(MASTER))
        return NotificationsService(Environment(self.settings, self.database, bus, master, self.clock))
