"""The definition of the notifications service."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from fastapi import APIRouter

from access.checks import UserRequired
from access.operators import OperatorRequired
from access.replicas import RevocationReplica
from contracts.subscriptions import Subscriptions
from kit.db.worker import Worker
from kit.eventstore.recorder import CHANNEL
from kit.security.service_keys import SubjectKeys
from kit.service import Background
from notifications.deliveries import api, views
from notifications.deliveries.events import PUBLICATIONS
from notifications.deliveries.message import MessageBuilder
from notifications.deliveries.sender import Sender
from notifications.deliveries.service import Notifications
from notifications.deliveries.smtp import MailServer
from notifications.deliveries.views import NotificationViews
from notifications.mails import service as mails
from notifications.recipients import events as recipient_events
from notifications.recipients import service as recipients
from notifications.settings import Settings
from runtime.definition import Environment, Service, Web

_FAREWELL = 2.5  # seconds for the mail that is being sent when the service stops


class NotificationsService(Service[Settings]):
    """Mails to users about events of the other services."""

    name = "notifications"
    migrations = (*views.SCHEMA, *recipients.SCHEMA)
    publications = PUBLICATIONS

    @classmethod
    def load_settings(cls, environment: Mapping[str, str] | None = None) -> Settings:
        return Settings.load(environment)

    def __init__(self, environment: Environment[Settings]) -> None:
        super().__init__(environment)
        keys = SubjectKeys(self.database, environment.master_key)
        self.recipients = recipients.Recipients(self.database)
        self.notifications = Notifications(self.database, keys, NotificationViews(self.database), environment.clock)
        self.store = self.notifications
        self.mails = mails.Mails(self.bus, self.recipients, environment.settings.public_url, environment.clock)

    def subscriptions(self) -> Subscriptions:
        table = RevocationReplica(self.database).subscriptions()
        table.include(recipient_events.subscriptions(self.recipients))
        table.include(mails.subscriptions(self.notifications.request))
        return table

    def routers(self, web: Web) -> Sequence[APIRouter]:
        return [api.routes(self.notifications.views, web.operator, OperatorRequired, UserRequired)]

    def workers(self) -> Sequence[Background]:
        """The sender is woken by every commit of events in this database, whichever replica made it."""
        sender = Worker(
            "the sender of mails", self.sender().step, database=self.database, channel=CHANNEL, farewell=_FAREWELL
        )
        return [sender.run]

    def erase(self, user_id: UUID) -> None:
        self.recipients.erase_user(user_id)

    def sender(self) -> Sender:
        """What sends mails."""
        settings = self.environment.settings
        return Sender(
            self.notifications,
            self.mails,
            MessageBuilder(settings.sender, settings.host),
            MailServer(
                settings.smtp_host,
                settings.smtp_port,
                settings.smtp_user,
                settings.smtp_password,
                settings.smtp_tls,
                helo=settings.host,
            ),
        )
