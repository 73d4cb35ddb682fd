"""Stored events to contract events, and the handlers of other services' events. No stored event is private."""

from typing import Any

from contracts import platforms as contract
from contracts.envelope import Envelope
from contracts.organizations import OrgDeleted, OrgRestored
from contracts.subscriptions import Subscriptions
from platforms.platforms.domain import TradePlatform
from platforms.platforms.views import PlatformViews
from runtime.publications import Publications


def _ids(event: Any) -> dict[str, Any]:
    return {"organization_id": event.organization_id, "platform_id": event.originator_id}


def _added(event: TradePlatform.PlatformAdded) -> contract.PlatformAdded | contract.PlatformOfOtherKindAdded:
    """PlatformAdded.v1 is released with its two kinds; connectors may bring others."""
    fields = {**_ids(event), "name": event.name, "kind": event.kind, "api": event.api}
    if event.kind in ("mt4", "mt5"):
        return contract.PlatformAdded.model_validate(fields)
    return contract.PlatformOfOtherKindAdded.model_validate(fields)


def _credentials_set(event: TradePlatform.PlatformCredentialsSet) -> contract.PlatformCredentialsSet:
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


PUBLICATIONS = Publications("platforms")
_on = PUBLICATIONS.on
_on(TradePlatform.PlatformAdded, (contract.PlatformAdded, contract.PlatformOfOtherKindAdded), _added)
_on(
    TradePlatform.PlatformRenamed,
    contract.PlatformRenamed,
    lambda e: contract.PlatformRenamed(**_ids(e), from_=e.from_, to=e.to),
)
_on(
    TradePlatform.PlatformApiChosen,
    contract.PlatformApiChosen,
    lambda e: contract.PlatformApiChosen(**_ids(e), from_=e.from_, to=e.to),
)
_on(TradePlatform.PlatformCredentialsSet, contract.PlatformCredentialsSet, _credentials_set)
_on(
    TradePlatform.PlatformCredentialsRemoved,
    contract.PlatformCredentialsRemoved,
    lambda e: contract.PlatformCredentialsRemoved.model_validate({**_ids(e), "target": e.target}),
)
_on(
    TradePlatform.PlatformStatusChanged,
    contract.PlatformStatusChanged,
    lambda e: contract.PlatformStatusChanged(**_ids(e), from_=e.from_, to=e.to, reason=e.reason),
)
_on(TradePlatform.PlatformRemoved, contract.PlatformRemoved, lambda e: contract.PlatformRemoved(**_ids(e)))


def subscriptions(views: PlatformViews) -> Subscriptions:
    """Hide the platforms of deleted organizations, and show those of restored ones."""
    table = Subscriptions()

    def deleted(envelope: Envelope[OrgDeleted]) -> None:
        views.organization_deleted(envelope.data.organization_id, envelope.data.restorable_until)

    def restored(envelope: Envelope[OrgRestored]) -> None:
        views.organization_restored(envelope.data.organization_id)

    table.on(OrgDeleted, deleted)
    table.on(OrgRestored, restored)
    return table
