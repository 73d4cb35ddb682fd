"""What the other services hear: that a mail was sent, or was given up."""

from contracts.envelope import Envelope
from contracts.event import Event
from contracts.notifications import NotificationFailed, NotificationSent
from kit.eventstore.store import Recorded
from kit.messaging.relay import Outgoing
from notifications.domain import Notification

PRIVATE: frozenset[type] = frozenset({Notification.Requested, Notification.OutcomeUnknown})
"""Events that stay inside the service."""


def publish(recorded: Recorded, epoch: str) -> Outgoing | None:
    """The message for the bus, or None for an event that stays private."""
    contract = _contract(recorded.event)
    if contract is None:
        return None
    envelope = Envelope.of(
        contract,
        context="notifications",
        epoch=epoch,
        sequence=recorded.sequence,
        version=recorded.version,
        aggregate_id=recorded.aggregate_id,
        time=recorded.time,
        organization=recorded.event.organization_id,
        actor=recorded.event.by,
        correlationid=recorded.event.correlation,
        causationid=recorded.event.causation,
        traceparent=recorded.event.traceparent,
    )
    return Outgoing(envelope.bus_subject, envelope.id, envelope.to_json())


def _contract(event: object) -> Event | None:
    match event:
        case Notification.Sent():
            return NotificationSent(
                notification_id=event.originator_id,
                template=event.template,
                cause=event.cause,
                user_id=event.user_id,
                organization_id=event.organization_id,
                attempts=event.attempts,
                outcome_unknown=event.outcome_unknown,
            )
        case Notification.Failed():
            return NotificationFailed(
                notification_id=event.originator_id,
                template=event.template,
                cause=event.cause,
                user_id=event.user_id,
                organization_id=event.organization_id,
                reason=event.reason,
                attempts=event.attempts,
            )
    return None
