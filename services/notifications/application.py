"""What the service does: keeps what it hears, queues one mail for an event, and records what became of it."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from kit.context import acting, cause
from kit.db.database import Database
from kit.eventstore.store import Store
from kit.security.service_keys import SubjectKeys
from notifications.copies import Copies
from notifications.deliveries import Deliveries, Delivery
from notifications.domain import Notification, UnknownNotification
from notifications.occasions import Occasion
from notifications.views import NotificationViews

_FIRST_DELAY = timedelta(seconds=2)
_LONGEST_DELAY = timedelta(minutes=5)
_jitter = random.SystemRandom()


class Notifications(Store):
    """`clock` answers the time, in UTC."""

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
        self.copies = Copies(database)
        self.clock = clock
        self._deliveries = Deliveries(database)

    def request(self, template: str, cause: str, occasion: Occasion) -> None:
        """Queue the mail about an event; nothing happens when it was queued before."""

        def work() -> None:
            notification = Notification(
                template=template,
                cause=cause,
                user_id=occasion.user_id,
                invitation_id=occasion.invitation_id,
                organization_id=occasion.organization_id,
                client_id=occasion.client,
            )
            if notification.id in self.repository:
                return
            self.save(notification)
            self._deliveries.add(notification.id, template, cause, occasion, self.clock())

        self.run(work)

    def take(self) -> Delivery | None:
        """The next mail that is due, for one attempt; recorded, if the one before broke off in sending."""

        def work() -> Delivery | None:
            delivery = self._deliveries.take(self.clock())
            if delivery is not None and delivery.broke_off:
                self._change(delivery, lambda mail: mail.outcome_is_unknown(delivery.attempts - 1))
            return delivery

        return self.run(work)

    def sending(self, delivery: Delivery) -> bool:
        """The mail goes out now; False when another worker has it meanwhile, and nothing may be sent."""
        return self._deliveries.sending(delivery, self.clock())

    def extend(self, delivery: Delivery) -> None:
        """The attempt takes its time."""
        self._deliveries.extend(delivery, self.clock())

    def later(self, delivery: Delivery, reason: str) -> None:
        """Nothing was sent; there is another attempt, later each time."""
        self._deliveries.later(delivery, reason, self.clock() + _delay(delivery.attempts))

    def broke_off(self, delivery: Delivery, reason: str) -> None:
        """The mail may be out or not; it is sent once more."""

        def work() -> None:
            if self._deliveries.later(delivery, reason, self.clock() + _delay(delivery.attempts)):
                self._change(delivery, lambda mail: mail.outcome_is_unknown(delivery.attempts))

        self.run(work)

    def sent(self, delivery: Delivery) -> None:
        """The mail server has the mail."""
        self._end(delivery, lambda mail: mail.sent(delivery.attempts))

    def spent(self, delivery: Delivery, reason: str) -> None:
        """The mail's secret is no longer due."""
        self._end(delivery, lambda mail: mail.spent(reason, delivery.attempts))

    def failed(self, delivery: Delivery, reason: str) -> None:
        """The mail is given up."""
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


def _delay(attempts: int) -> timedelta:
    """Two seconds after the first attempt, then twice as long each time up to five minutes, ±25 %."""
    doubled: int = 2 ** min(attempts - 1, 20)
    return min(_FIRST_DELAY * doubled, _LONGEST_DELAY) * _jitter.uniform(0.75, 1.25)
