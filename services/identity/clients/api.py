"""Routes of an organization's clients and their secrets."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse

from access.checks import MissingPermission, OrgPrincipal, PermissionsUnavailable, UserRequired
from access.guard import Guard
from contracts.permissions import Permission
from identity.clients.api_models import (
    ClientAnswer,
    ClientChange,
    ClientCreation,
    CreatedClient,
    IssuedSecret,
    SecretCreation,
)
from identity.clients.domain import TooManySecrets, UnknownClient, UnknownSecret
from identity.clients.service import Clients, Granter, GrantExceedsOwn
from kit.errors import NotFound, Unauthenticated
from kit.http.idempotency import Idempotency, Keyed, KeyReused, created
from kit.http.openapi import refusals
from kit.http.pagination import Page, Paged

_READING = (Unauthenticated, NotFound, MissingPermission, PermissionsUnavailable)
_WRITING = (*_READING, UserRequired)


def routes(clients: Clients, guard: Guard, idempotency: Idempotency) -> APIRouter:
    """Reading requires clients:read, changing clients:write."""
    router = APIRouter(prefix="/api/v1/organizations/{org}/clients", tags=["clients"])
    Reader = Annotated[OrgPrincipal, Depends(guard.require(Permission.CLIENTS_READ))]
    Writer = Annotated[OrgPrincipal, Depends(guard.require(Permission.CLIENTS_WRITE, fresh=True))]

    @router.get(
        "", operation_id="list_clients", summary="List the clients of an organization", responses=refusals(*_READING)
    )
    def list_clients(acting: Reader, paging: Paged) -> Page[ClientAnswer]:
        """Returns the clients of the organization, oldest first. Requires clients:read."""
        rows = clients.list(acting.organization_id, paging)
        return paging.page(rows, ClientAnswer.of, lambda row: (row.created_at.isoformat(), str(row.id)))

    @router.post(
        "",
        operation_id="create_client",
        summary="Create a client",
        status_code=201,
        response_model=CreatedClient,
        responses=refusals(*_WRITING, GrantExceedsOwn, KeyReused),
    )
    def create_client(acting: Writer, body: ClientCreation, key: Keyed) -> JSONResponse:
        """Creates a client with its first secret, and returns the secret. Store it: it cannot be read again. You can
        only grant scopes and limits within your own permissions. Requires clients:write."""

        def work() -> JSONResponse:
            org = acting.organization_id
            row, issued = clients.create(org, _granter(acting), body.name, body.scopes, body.limits)
            answer = CreatedClient(client_secret=issued.secret, **dict(ClientAnswer.of(row)))
            return created(answer, f"/api/v1/organizations/{org}/clients/{row.id}")

        return idempotency.once(key, acting.principal.id, work)

    @router.get(
        "/{id}", operation_id="get_client", summary="Get a client", responses=refusals(*_READING, UnknownClient)
    )
    def get_client(acting: Reader, id: UUID) -> ClientAnswer:
        """Returns a client with the names, dates and uses of its secrets, without their values. Requires
        clients:read."""
        return ClientAnswer.of(clients.get(acting.organization_id, id))

    @router.patch(
        "/{id}",
        operation_id="change_client",
        summary="Change a client",
        responses=refusals(*_WRITING, UnknownClient, GrantExceedsOwn),
    )
    def change_client(acting: Writer, id: UUID, body: ClientChange) -> ClientAnswer:
        """Changes name, scopes or limits. A scope that is removed stops working at once, for existing tokens too.
        Requires clients:write."""
        given = {name: getattr(body, name) for name in body.model_fields_set}
        return ClientAnswer.of(clients.change(acting.organization_id, id, _granter(acting), **given))

    @router.delete(
        "/{id}",
        operation_id="remove_client",
        summary="Remove a client",
        status_code=204,
        responses=refusals(*_WRITING, UnknownClient),
    )
    def remove_client(acting: Writer, id: UUID) -> None:
        """Removes a client. Its secrets and tokens stop working within a second. Requires clients:write."""
        clients.remove(acting.organization_id, id)

    @router.post(
        "/{id}/secrets",
        operation_id="issue_client_secret",
        summary="Issue a secret of a client",
        status_code=201,
        response_model=IssuedSecret,
        responses=refusals(*_WRITING, UnknownClient, GrantExceedsOwn, TooManySecrets, KeyReused),
    )
    def issue_secret(acting: Writer, id: UUID, body: SecretCreation, key: Keyed) -> JSONResponse:
        """Issues one more secret, and returns it. Earlier secrets keep working until they are revoked or expire. A
        client has at most ten. Requires clients:write."""

        def work() -> JSONResponse:
            org = acting.organization_id
            issued = clients.issue_secret(org, id, _granter(acting), body.name, body.expires_at)
            answer = IssuedSecret(id=issued.id, client_secret=issued.secret)
            return created(answer, f"/api/v1/organizations/{org}/clients/{id}/secrets/{issued.id}")

        return idempotency.once(key, acting.principal.id, work)

    @router.delete(
        "/{id}/secrets/{secret}",
        operation_id="end_client_secret",
        summary="Revoke a secret of a client",
        status_code=204,
        responses=refusals(*_WRITING, UnknownClient, UnknownSecret),
    )
    def revoke_secret(acting: Writer, id: UUID, secret: UUID) -> None:
        """Revokes a secret: no more tokens are issued for it. Tokens that were issued before expire within an hour.
        Requires clients:write."""
        clients.revoke_secret(acting.organization_id, id, secret)

    return router


def _granter(acting: OrgPrincipal) -> Granter:
    """A client cannot hold clients:write, so only users come this far."""
    if acting.principal.user_id is None:
        raise UserRequired
    return Granter(acting.principal.user_id, acting.grant)
