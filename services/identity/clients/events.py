"""Contract events of clients."""

from typing import Any
from uuid import UUID

from contracts import identity as contract
from contracts.permissions import Limits
from identity.clients.domain import Client
from runtime.publications import Publications


def _created(event: Client.ClientCreated) -> contract.ClientCreated:
    return contract.ClientCreated(
        **_of(event),
        name=event.name,
        scopes=tuple(event.scopes),
        limits=_limits(event.platforms),
        created_by=event.created_by,
    )


def _renamed(event: Client.Renamed) -> contract.ClientRenamed:
    return contract.ClientRenamed(**_of(event), from_=event.old_name, to=event.name)


def _scopes_changed(event: Client.ScopesChanged) -> contract.ClientScopesChanged:
    return contract.ClientScopesChanged(
        **_of(event),
        from_=contract.ClientGrant(scopes=tuple(event.old_scopes), limits=_limits(event.old_platforms)),
        to=contract.ClientGrant(scopes=tuple(event.scopes), limits=_limits(event.platforms)),
    )


def _secret_issued(event: Client.SecretIssued) -> contract.ClientSecretIssued:
    return contract.ClientSecretIssued(
        **_of(event),
        client_name=event.client_name,
        secret_id=event.secret_id,
        name=event.name,
        expires_at=event.expires_at,
        issued_by=event.issued_by,
    )


def _secret_expiring(event: Client.SecretExpiring) -> contract.ClientSecretExpiring:
    return contract.ClientSecretExpiring(
        **_of(event),
        client_name=event.client_name,
        secret_id=event.secret_id,
        name=event.name,
        expires_at=event.expires_at,
        user_id=event.user_id,
    )


def _secret_ended(event: Client.SecretEnded) -> contract.ClientSecretEnded:
    return contract.ClientSecretEnded(**_of(event), secret_id=event.secret_id)


def _removed(event: Client.Removed) -> contract.ClientRemoved:
    return contract.ClientRemoved(**_of(event))


def _of(event: Client.ClientCreated | Client.Event) -> dict[str, Any]:
    return {
        "client": event.originator_id,
        "client_id": event.client_id,
        "organization_id": event.organization_id,
    }


def _limits(platforms: list[str] | None) -> Limits:
    return Limits(platforms=None if platforms is None else tuple(UUID(each) for each in platforms))


PUBLICATIONS = Publications("identity")
PUBLICATIONS.on(Client.ClientCreated, contract.ClientCreated, _created)
PUBLICATIONS.on(Client.Renamed, contract.ClientRenamed, _renamed)
PUBLICATIONS.on(Client.ScopesChanged, contract.ClientScopesChanged, _scopes_changed)
PUBLICATIONS.on(Client.SecretIssued, contract.ClientSecretIssued, _secret_issued)
PUBLICATIONS.on(Client.SecretExpiring, contract.ClientSecretExpiring, _secret_expiring)
PUBLICATIONS.on(Client.SecretEnded, contract.ClientSecretEnded, _secret_ended)
PUBLICATIONS.on(Client.Removed, contract.ClientRemoved, _removed)
