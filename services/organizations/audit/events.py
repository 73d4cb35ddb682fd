"""Foreign events in the audit trail: changes of an organization's clients and platforms."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

from contracts import identity, platforms
from contracts.envelope import Envelope
from contracts.subscriptions import Subscriptions
from organizations.audit.views import AuditTrail, Entry

E = TypeVar("E", bound=identity.ClientEvent | platforms.PlatformEvent)
Json = dict[str, Any] | None
Change = tuple[Json, Json]
"""Before and after."""
_CREDENTIALS = {"target", "host", "port", "login", "version", "fingerprint"}


def _client_created(event: identity.ClientCreated) -> Change:
    return None, {"name": event.name, "scopes": event.scopes, "limits": event.limits.model_dump(mode="json")}


def _secret_issued(event: identity.ClientSecretIssued) -> Change:
    expires_at = event.expires_at and event.expires_at.isoformat()
    return None, {"secret_id": str(event.secret_id), "name": event.name, "expires_at": expires_at}


def _credentials_set(event: platforms.PlatformCredentialsSet) -> Change:
    return None, event.model_dump(mode="json", include=_CREDENTIALS)


def _platform_added(event: platforms.PlatformAdded | platforms.PlatformOfOtherKindAdded) -> Change:
    return None, {"name": event.name, "kind": event.kind, "api": event.api}


def subscriptions(audit: AuditTrail) -> Subscriptions:
    """Not to PlatformStatusChanged: the result of a check is not a change by anybody, and platforms keeps a history."""
    table = Subscriptions()

    def on(event: type[E], change: Callable[[E], Change]) -> None:
        table.on(event, lambda envelope: audit.add_foreign(_entry(envelope, *change(envelope.data))))

    on(identity.ClientCreated, _client_created)
    on(identity.ClientRenamed, lambda e: ({"name": e.from_}, {"name": e.to}))
    on(identity.ClientScopesChanged, lambda e: (e.from_.model_dump(mode="json"), e.to.model_dump(mode="json")))
    on(identity.ClientSecretIssued, _secret_issued)
    on(identity.ClientSecretEnded, lambda e: ({"secret_id": str(e.secret_id)}, None))
    on(identity.ClientRemoved, lambda e: ({"client_id": e.client_id}, None))
    on(platforms.PlatformAdded, _platform_added)
    on(platforms.PlatformOfOtherKindAdded, _platform_added)
    on(platforms.PlatformRenamed, lambda e: ({"name": e.from_}, {"name": e.to}))
    on(platforms.PlatformApiChosen, lambda e: ({"api": e.from_}, {"api": e.to}))
    on(platforms.PlatformCredentialsSet, _credentials_set)
    on(platforms.PlatformCredentialsRemoved, lambda e: ({"target": e.target}, None))
    on(platforms.PlatformRemoved, lambda _: (None, None))
    return table


def _entry(envelope: Envelope[E], before: Json, after: Json) -> Entry:
    event = envelope.data
    return Entry(
        id=uuid5(NAMESPACE_URL, f"{envelope.source}#{envelope.id}"),
        organization_id=event.organization_id,
        time=envelope.time,
        sequence=None,
        actor=envelope.actor,
        type=type(event).__name__,
        target=_target(event),
        before=before,
        after=after,
        request_id=envelope.correlationid,
    )


def _target(event: identity.ClientEvent | platforms.PlatformEvent) -> UUID:
    return event.platform_id if isinstance(event, platforms.PlatformEvent) else event.client
