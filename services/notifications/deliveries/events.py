"""Which contract event each stored event becomes."""

from contracts.notifications import NotificationFailed, NotificationSent
from notifications.deliveries.domain import Notification
from runtime.publications import Publications

PRIVATE: frozenset[type] = frozenset({Notification.Requested, Notification.OutcomeUnknown})
"""Stored events that are not published."""


def _sent(event: Notification.Sent) -> NotificationSent:
    return NotificationSent(
        notification_id=event.originator_id,
        template=event.template,
        cause=event.cause,
        user_id=event.user_id,
        organization_id=event.organization_id,
        attempts=event.attempts,
        outcome_unknown=event.outcome_unknown,
    )


def _failed(event: Notification.Failed) -> NotificationFailed:
    return NotificationFailed(
        notification_id=event.originator_id,
        template=event.template,
        cause=event.cause,
        user_id=event.user_id,
        organization_id=event.organization_id,
        reason=event.reason,
        attempts=event.attempts,
    )


PUBLICATIONS = Publications("notifications")
PUBLICATIONS.on(Notification.Sent, NotificationSent, _sent)
PUBLICATIONS.on(Notification.Failed, NotificationFailed, _failed)
