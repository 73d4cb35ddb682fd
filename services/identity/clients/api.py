"""The routes of an organization's clients and their secrets."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse
from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

from access.checks import MissingPermission, OrgPrincipal, PermissionsUnavailable, PersonNeeded
from access.guard import Guard
from contracts.permissions import Limits, Scope
from identity.clients.domain import TooManySecrets, UnknownClient, UnknownSecret
from identity.clients.service import Clients, Granter, GrantExceedsOwn
from identity.clients.views import ClientRow, SecretRow, Use
from kit.errors import NotFound, Unauthenticated
from kit.http.fields import Body, Instant, Name
from kit.http.idempotency import Idempotency, Keyed, KeyReused, created
from kit.http.openapi import refusals
from kit.http.pagination import Page, Paged

_MOST_PLATFORMS = 1000
_READING = (Unauthenticated, NotFound, MissingPermission, PermissionsUnavailable)
_WRITING = (*_READING, PersonNeeded)


def _bounded(limits: Limits) -> Limits:
    if limits.platforms is not None and len(limits.platforms) > _MOST_PLATFORMS:
        raise ValueError(f"must name at most {_MOST_PLATFORMS} platforms")
    return limits


ClientLimits = Annotated[Limits, AfterValidator(_bounded)]
Scopes = Annotated[list[Scope], Field(max_length=50)]


class NewClient(Body):
    """A client to be; without scopes it may only list its own organization."""

    name: Name
    scopes: Scopes = Field(default_factory=list)
    limits: ClientLimits = Limits()


class ClientChange(Body):
    """What is left out stays."""

    name: Name = ""
    scopes: Scopes = Field(default_factory=list)
    limits: ClientLimits = Limits()


class NewSecretBody(Body):
    """`expires_at` is left out for a secret that is good until it is ended."""

    name: Name
    expires_at: Instant | None = None


class SecretUse(BaseModel):
    """`address` is the IP address of who used it, an IPv6 one as its /64."""

    at: AwareDatetime
    address: str

    @classmethod
    def of(cls, use: Use | None) -> "SecretUse | None":
        return None if use is None else cls(at=use.at, address=use.address)


class SecretAnswer(BaseModel):
    """A secret as everybody may see it: never its value. Its uses may be a minute old."""

    id: UUID
    name: str
    created_at: AwareDatetime
    expires_at: AwareDatetime | None
    first_used: SecretUse | None
    last_used: SecretUse | None

    @classmethod
    def of(cls, row: SecretRow) -> "SecretAnswer":
        return cls(
            id=row.id,
            name=row.name,
            created_at=row.created_at,
            expires_at=row.expires_at,
            first_used=SecretUse.of(row.first_use),
            last_used=SecretUse.of(row.last_use),
        )


class ClientAnswer(BaseModel):
    """A client without its secrets' values. `client_id` is the subject of its tokens."""

    id: UUID
    client_id: str
    name: str
    scopes: list[str]
    limits: Limits
    secrets: list[SecretAnswer]
    created_at: AwareDatetime

    @classmethod
    def of(cls, row: ClientRow) -> "ClientAnswer":
        return cls(
            id=row.id,
            client_id=row.client_id,
            name=row.name,
            scopes=list(row.scopes),
            limits=row.limits,
            secrets=[SecretAnswer.of(secret) for secret in row.secrets],
            created_at=row.created_at,
        )


class CreatedClient(BaseModel):
    """The one answer that holds the first secret."""

    id: UUID
    client_id: str
    client_secret: str
    name: str
    scopes: list[str]
    limits: Limits
    secrets: list[SecretAnswer]
    created_at: AwareDatetime


class IssuedSecret(BaseModel):
    """The one answer that holds this secret."""

    id: UUID
    client_secret: str


def routes(clients: Clients, guard: Guard, idempotency: Idempotency) -> APIRouter:
    """Reading takes clients:read, changing clients:write."""
    router = APIRouter(prefix="/api/v1/organizations/{org}/clients", tags=["clients"])
    Reader = Annotated[OrgPrincipal, Depends(guard.require("clients:read"))]
    Writer = Annotated[OrgPrincipal, Depends(guard.require("clients:write", fresh=True))]

    @router.get("", operation_id="list_clients", responses=refusals(*_READING))
    def list_clients(acting: Reader, paging: Paged) -> Page[ClientAnswer]:
        """In the order in which they were created."""
        rows = clients.list(acting.organization_id, paging)
        return paging.page(rows, ClientAnswer.of, lambda row: (row.created_at.isoformat(), str(row.id)))

    @router.post(
        "",
        operation_id="create_client",
        status_code=201,
        response_model=CreatedClient,
        responses=refusals(*_WRITING, GrantExceedsOwn, KeyReused),
    )
    def create_client(acting: Writer, body: NewClient, key: Keyed) -> JSONResponse:
        """The answer holds the first secret, and no other answer ever will."""

        def work() -> JSONResponse:
            org = acting.organization_id
            row, issued = clients.create(org, _granter(acting), body.name, body.scopes, body.limits)
            answer = CreatedClient(client_secret=issued.secret, **dict(ClientAnswer.of(row)))
            return created(answer, f"/api/v1/organizations/{org}/clients/{row.id}")

        return idempotency.once(key, acting.principal.id, work)

    @router.get("/{id}", operation_id="get_client", responses=refusals(*_READING, UnknownClient))
    def get_client(acting: Reader, id: UUID) -> ClientAnswer:
        """With its secrets' names, dates and uses, never their values."""
        return ClientAnswer.of(clients.get(acting.organization_id, id))

    @router.patch("/{id}", operation_id="change_client", responses=refusals(*_WRITING, UnknownClient, GrantExceedsOwn))
    def change_client(acting: Writer, id: UUID, body: ClientChange) -> ClientAnswer:
        """A scope that is taken away stops working at once, in tokens that were issued before as well."""
        given = {name: getattr(body, name) for name in body.model_fields_set}
        return ClientAnswer.of(clients.change(acting.organization_id, id, _granter(acting), **given))

    @router.delete("/{id}", operation_id="remove_client", status_code=204, responses=refusals(*_WRITING, UnknownClient))
    def remove_client(acting: Writer, id: UUID) -> None:
        """Its secrets and tokens stop working within a second."""
        clients.remove(acting.organization_id, id)

    @router.post(
        "/{id}/secrets",
        operation_id="issue_client_secret",
        status_code=201,
        response_model=IssuedSecret,
        responses=refusals(*_WRITING, UnknownClient, GrantExceedsOwn, TooManySecrets, KeyReused),
    )
    def issue_secret(acting: Writer, id: UUID, body: NewSecretBody, key: Keyed) -> JSONResponse:
        """Earlier secrets go on working until they are ended or expire; there are at most ten."""

        def work() -> JSONResponse:
            org = acting.organization_id
            issued = clients.issue_secret(org, id, _granter(acting), body.name, body.expires_at)
            answer = IssuedSecret(id=issued.id, client_secret=issued.secret)
            return created(answer, f"/api/v1/organizations/{org}/clients/{id}/secrets/{issued.id}")

        return idempotency.once(key, acting.principal.id, work)

    @router.delete(
        "/{id}/secrets/{secret}",
        operation_id="end_client_secret",
        status_code=204,
        responses=refusals(*_WRITING, UnknownClient, UnknownSecret),
    )
    def end_secret(acting: Writer, id: UUID, secret: UUID) -> None:
        """Nobody gets a token by it any more."""
        clients.end_secret(acting.organization_id, id, secret)

    return router


def _granter(acting: OrgPrincipal) -> Granter:
    """A client's scopes never hold clients:write, so it is a person who comes this far."""
    if acting.principal.user_id is None:
        raise PersonNeeded
    return Granter(acting.principal.user_id, acting.grant)
