"""What the bus is told of clients and revoked tokens."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from contracts import identity as public
from contracts.event import Event
from contracts.permissions import Limits
from identity.clients.domain import Client
from identity.oauth.revoke.domain import RevokedToken


def _created(event: Client.ClientCreated) -> Event:
    return public.ClientCreated(
        **_of(event),
        name=event.name,
        scopes=tuple(event.scopes),
        limits=_limits(event.platforms),
        created_by=event.created_by,
    )


def _renamed(event: Client.Renamed) -> Event:
    return public.ClientRenamed(**_of(event), from_=event.old_name, to=event.name)


def _scopes_changed(event: Client.ScopesChanged) -> Event:
    return public.ClientScopesChanged(
        **_of(event),
        from_=public.ClientRights(scopes=tuple(event.old_scopes), limits=_limits(event.old_platforms)),
        to=public.ClientRights(scopes=tuple(event.scopes), limits=_limits(event.platforms)),
    )


def _secret_issued(event: Client.SecretIssued) -> Event:
    return public.ClientSecretIssued(
        **_of(event),
        client_name=event.client_name,
        secret_id=event.secret_id,
        name=event.name,
        expires_at=event.expires_at,
        issued_by=event.issued_by,
    )


def _secret_expiring(event: Client.SecretExpiring) -> Event:
    return public.ClientSecretExpiring(
        **_of(event),
        client_name=event.client_name,
        secret_id=event.secret_id,
        name=event.name,
        expires_at=event.expires_at,
        user_id=event.user_id,
    )


def _secret_ended(event: Client.SecretEnded) -> Event:
    return public.ClientSecretEnded(**_of(event), secret_id=event.secret_id)


def _removed(event: Client.Removed) -> Event:
    return public.ClientRemoved(**_of(event))


def _token_revoked(event: RevokedToken.Revoked) -> Event:
    return public.TokenRevoked(jti=str(event.originator_id), expires_at=event.expires_at)


def _of(event: Any) -> dict[str, Any]:
    return {
        "client": event.originator_id,
        "client_id": event.client_id,
        "organization_id": event.organization_id,
    }


def _limits(platforms: list[str] | None) -> Limits:
    return Limits(platforms=None if platforms is None else tuple(UUID(each) for each in platforms))


CLIENTS: Mapping[type, Callable[[Any], Event]] = {
    Client.ClientCreated: _created,
    Client.Renamed: _renamed,
    Client.ScopesChanged: _scopes_changed,
    Client.SecretIssued: _secret_issued,
    Client.SecretExpiring: _secret_expiring,
    Client.SecretEnded: _secret_ended,
    Client.Removed: _removed,
    RevokedToken.Revoked: _token_revoked,
}
"""From a private event to its public one. A client's belong to the organization they name, a token's to none."""
