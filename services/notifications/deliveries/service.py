"""Use cases: request a mail for an event, take one that is due, and record how the attempt to send it ended."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from kit.context import acting, cause
from kit.db.database import Database
from kit.eventstore.store import Store
from kit.security.service_keys import SubjectKeys
from notifications.deliveries.domain import Notification, UnknownNotification
from notifications.deliveries.queue import Deliveries, Delivery
from notifications.deliveries.views import NotificationViews
from notifications.mails.service import MailContext

_FIRST_BACKOFF = timedelta(seconds=2)
_MAX_BACKOFF = timedelta(minutes=5)
_jitter = random.SystemRandom()


class Notifications(Store):
    """`clock` gives the time in UTC."""

    name = "notifications"
    views: NotificationViews

    def __init__(
        self,
        database: Database,
        subjects: SubjectKeys,
        views: NotificationViews,
        clock: Callable[[], datetime],
    ) -> None:
        super().__init__(database, subjects, views)
        self.clock = clock
        self._deliveries = Deliveries(database)

    def request(self, template: str, cause: str, context: MailContext) -> None:
        """Queue the mail `template` about the event with id `cause`; do nothing if it was queued before."""

        def work() -> None:
            notification = Notification(
                template=template,
                cause=cause,
                user_id=context.user_id,
                invitation_id=context.invitation_id,
                organization_id=context.organization_id,
                client_id=context.client,
            )
            if notification.id in self.repository:
                return
            self.save(notification)
            self._deliveries.add(notification.id, template, cause, context, self.clock())

        self.run(work)

    def take(self) -> Delivery | None:
        """Take the next mail that is due, for one attempt; record it if the attempt before was interrupted."""

        def work() -> Delivery | None:
            delivery = self._deliveries.take(self.clock())
            if delivery is not None and delivery.interrupted:
                self._change(delivery, lambda mail: mail.outcome_is_unknown(delivery.attempts - 1))
            return delivery

        return self.run(work)

    def sending(self, delivery: Delivery) -> bool:
        """Mark the mail as being sent. False if another worker has it: then nothing may be sent."""
        return self._deliveries.sending(delivery, self.clock())

    def extend(self, delivery: Delivery) -> None:
        """Renew the lease of an attempt that takes long."""
        self._deliveries.extend(delivery, self.clock())

    def retry_later(self, delivery: Delivery, reason: str) -> None:
        """Record that nothing was sent; the next attempt follows after a delay."""
        self._deliveries.retry_at(delivery, reason, self.clock() + _backoff(delivery.attempts))

    def outcome_unknown(self, delivery: Delivery, reason: str) -> None:
        """Record that the mail may have been sent; it is sent again after a delay."""

        def work() -> None:
            if self._deliveries.retry_at(delivery, reason, self.clock() + _backoff(delivery.attempts)):
                self._change(delivery, lambda mail: mail.outcome_is_unknown(delivery.attempts))

        self.run(work)

    def sent(self, delivery: Delivery) -> None:
        """Record that the mail server accepted the mail."""
        self._end(delivery, lambda mail: mail.sent(delivery.attempts))

    def secret_unavailable(self, delivery: Delivery, reason: str) -> None:
        """Record that the mail's secret is unavailable."""
        self._end(delivery, lambda mail: mail.secret_unavailable(reason, delivery.attempts))

    def failed(self, delivery: Delivery, reason: str) -> None:
        """Record that the mail is given up."""
        self._end(delivery, lambda mail: mail.failed(reason, delivery.attempts))

    def _end(self, delivery: Delivery, change: Callable[[Notification], None]) -> None:
        def work() -> None:
            if self._deliveries.remove(delivery):
                self._change(delivery, change)

        self.run(work)

    def _change(self, delivery: Delivery, change: Callable[[Notification], None]) -> None:
        traceparent = cause().traceparent or delivery.traceparent
        with acting(correlation=delivery.correlation, causation=delivery.cause, traceparent=traceparent):
            mail = self._mail(delivery.notification_id)
            change(mail)
            self.save(mail)

    def _mail(self, notification_id: UUID) -> Notification:
        return self.find(Notification, notification_id, UnknownNotification)


def _backoff(attempts: int) -> timedelta:
    """Exponential: two seconds after the first attempt, doubled for each further one up to five minutes, ±25 %."""
    doubled: int = 2 ** min(attempts - 1, 20)
    return min(_FIRST_BACKOFF * doubled, _MAX_BACKOFF) * _jitter.uniform(0.75, 1.25)
