"""The public face of identity: a private event becomes one of the contract, or stays private."""

from uuid import UUID

from contracts.envelope import Envelope
from identity.clients.events import CLIENTS
from identity.people.events import PEOPLE
from kit.eventstore.store import Recorded
from kit.messaging.relay import Outgoing


def publish(recorded: Recorded, epoch: str) -> Outgoing | None:
    """The message for the bus, or None for what stays private."""
    event = recorded.event
    translate = PEOPLE.get(type(event)) or CLIENTS.get(type(event))
    if translate is None:
        return None
    envelope = Envelope.of(
        translate(event),
        context="identity",
        epoch=epoch,
        sequence=recorded.sequence,
        version=recorded.version,
        aggregate_id=recorded.aggregate_id,
        time=recorded.time,
        organization=getattr(event, "organization_id", None),
        actor=event.by,
        correlationid=event.correlation,
        causationid=event.causation,
        traceparent=event.traceparent,
    )
    return Outgoing(envelope.bus_subject, envelope.id, envelope.to_json())


def subject_of(aggregate_id: UUID, event: type) -> str:
    """Where a public event about a person stands on the bus; none of these belongs to an organization."""
    return f"evt.identity.-.{aggregate_id}.{event.TOPIC.removeprefix('identity.')}"  # type: ignore[attr-defined]
