"""Events as the services publish them."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from contracts.envelope import Envelope
from contracts.event import Event


def enveloped(
    event: Event,
    about: UUID | None = None,
    *,
    sequence: int = 1,
    version: int | None = None,
    time: datetime | None = None,
    organization: UUID | None = None,
    actor: str | None = None,
    correlation: str | None = None,
) -> Envelope[Event]:
    """An event of its service's first epoch, by default about something new and at present."""
    return Envelope.of(
        event,
        context=event.context,
        epoch="e1",
        sequence=sequence,
        version=version or sequence,
        aggregate_id=about or uuid4(),
        time=time or datetime.now(UTC),
        organization=organization,
        actor=actor,
        correlationid=correlation,
    )
