"""The public face: which contract event each private event becomes. None is private."""

from collections.abc import Callable, Mapping
from typing import Any

from contracts import platforms as contract
from contracts.envelope import Envelope
from contracts.event import Event
from kit.eventstore.store import Recorded
from kit.messaging.relay import Outgoing
from platforms.domain import TradePlatform

CONTEXT = "platforms"


def publish(recorded: Recorded, epoch: str) -> Outgoing | None:
    """The message for the relay."""
    event = recorded.event
    translate = PUBLIC.get(type(event))
    if translate is None:
        return None
    envelope = Envelope.of(
        translate(event),
        context=CONTEXT,
        epoch=epoch,
        sequence=recorded.sequence,
        version=recorded.version,
        aggregate_id=recorded.aggregate_id,
        time=recorded.time,
        organization=event.organization_id,
        actor=event.by,
        correlationid=event.correlation,
        causationid=event.causation,
        traceparent=event.traceparent,
    )
    return Outgoing(envelope.bus_subject, envelope.id, envelope.to_json())


def _ids(event: Any) -> dict[str, Any]:
    return {"organization_id": event.organization_id, "platform_id": event.originator_id}


def _credentials_set(event: TradePlatform.PlatformCredentialsSet) -> Event:
    return contract.PlatformCredentialsSet.model_validate(
        {
            **_ids(event),
            "target": event.target,
            "host": event.host,
            "port": event.port,
            "login": event.login,
            "version": event.version,
            "fingerprint": event.fingerprint,
        }
    )


PUBLIC: Mapping[type, Callable[[Any], Event]] = {
    TradePlatform.PlatformAdded: lambda e: contract.PlatformAdded(**_ids(e), name=e.name, kind=e.kind, api=e.api),
    TradePlatform.PlatformRenamed: lambda e: contract.PlatformRenamed(**_ids(e), from_=e.from_, to=e.to),
    TradePlatform.PlatformApiChosen: lambda e: contract.PlatformApiChosen(**_ids(e), from_=e.from_, to=e.to),
    TradePlatform.PlatformCredentialsSet: _credentials_set,
    TradePlatform.PlatformCredentialsRemoved: lambda e: contract.PlatformCredentialsRemoved(**_ids(e), target=e.target),
    TradePlatform.PlatformStatusChanged: lambda e: contract.PlatformStatusChanged(
        **_ids(e), from_=e.from_, to=e.to, reason=e.reason
    ),
    TradePlatform.PlatformRemoved: lambda e: contract.PlatformRemoved(**_ids(e)),
}
