"""Bodies and answers of the routes of clients."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

from contracts.permissions import Limits, Scope
from identity.clients.views import ClientRow, SecretRow, Use
from kit.http.fields import Body, Instant, Name

_MOST_PLATFORMS = 1000
_SECRET_ID = "c3b8e5f2-9a17-4d60-b2c4-8e7f1a0d6b54"  # noqa: S105 - an id
_SECRET = "thcs_An-invented-secret-that-opens-nothing-at-all_00"  # noqa: S105 - an invented one
_CREATED_AT = "2026-03-02T09:30:00Z"
_LIMITED = {"platforms": ["e1d6a3b8-7c5f-4e29-8b0a-5d4c2f1e9a65"]}
_SCOPES = ["platforms:read", "accounts:read"]


def _bounded(limits: Limits) -> Limits:
    if limits.platforms is not None and len(limits.platforms) > _MOST_PLATFORMS:
        raise ValueError(f"must name at most {_MOST_PLATFORMS} platforms")
    return limits


_LIMITS = f"Trade platforms that the scopes apply to, at most {_MOST_PLATFORMS}."
ClientName = Annotated[
    Name, Field(description="Name of the client, 1 to 100 characters on one line.", examples=["Risk monitor"])
]
ClientLimits = Annotated[Limits, AfterValidator(_bounded), Field(description=_LIMITS, examples=[_LIMITED])]
Scopes = Annotated[
    list[Scope],
    Field(max_length=50, description="Scopes that the client may request, at most 50.", examples=[_SCOPES]),
]
SecretId = Annotated[UUID, Field(description="Id of the secret.", examples=[_SECRET_ID])]
SecretValue = Annotated[
    str,
    Field(
        description="The secret: `thcs_`, 43 random characters, `_` and a checksum of 6 characters. No other answer "
        "contains it.",
        examples=[_SECRET],
    ),
]


class ClientCreation(Body):
    """A client to create. Without scopes it can only read its own organization."""

    name: ClientName
    scopes: Scopes = Field(default_factory=list)
    limits: ClientLimits = Limits()


class ClientChange(Body):
    """Changes of a client. Fields that are left out keep their values."""

    name: ClientName = Field(default_factory=str)  # a default would be shown in the document
    scopes: Scopes = Field(default_factory=list)
    limits: ClientLimits = Limits()


class SecretCreation(Body):
    """A secret to issue."""

    name: Name = Field(description="Name of the secret, 1 to 100 characters on one line.", examples=["second"])
    expires_at: Instant | None = Field(
        None,
        description="Time at which the secret expires (RFC 3339), at most ten years ahead. Leave it out for a secret "
        "that is valid until it is revoked.",
        examples=["2036-03-02T00:00:00Z"],
    )


class SecretUse(BaseModel):
    """A use of a secret."""

    at: AwareDatetime = Field(description="Time of the use (RFC 3339, UTC).", examples=["2026-03-16T14:05:00Z"])
    address: str = Field(
        description="IP address of the caller, an IPv6 address as its /64 network.", examples=["192.0.2.20"]
    )

    @classmethod
    def of(cls, use: Use | None) -> "SecretUse | None":
        return None if use is None else cls(at=use.at, address=use.address)


class SecretAnswer(BaseModel):
    """A secret without its value."""

    id: SecretId
    name: str = Field(description="Name of the secret.", examples=["first"])
    created_at: AwareDatetime = Field(description="Time of issue (RFC 3339, UTC).", examples=[_CREATED_AT])
    expires_at: AwareDatetime | None = Field(
        description="Time at which the secret expires (RFC 3339, UTC); null if it does not expire.",
        examples=["2036-03-02T00:00:00Z"],
    )
    first_used: SecretUse | None = Field(description="First use, up to a minute late; null if there was none.")
    last_used: SecretUse | None = Field(description="Last use, up to a minute late; null if there was none.")

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


Id = Annotated[UUID, Field(description="Id of the client.", examples=["7a4e9d10-6c2b-4b8f-a1d5-3f9c0e2b8d43"])]
ClientId = Annotated[
    str,
    Field(
        description="The `client_id` of OAuth 2.0, and the subject of the client's access tokens.",
        examples=["thc_Example0Client00"],
    ),
]
GivenName = Annotated[str, Field(description="Name of the client.", examples=["Risk monitor"])]
GivenScopes = Annotated[list[str], Field(description="Scopes that the client may request.", examples=[_SCOPES])]
GivenLimits = Annotated[Limits, Field(description="Trade platforms that the scopes apply to.", examples=[_LIMITED])]
GivenSecrets = Annotated[
    list[SecretAnswer], Field(description="Secrets that are not revoked, oldest first; at most 10.")
]
CreatedAt = Annotated[AwareDatetime, Field(description="Time of creation (RFC 3339, UTC).", examples=[_CREATED_AT])]


class ClientAnswer(BaseModel):
    """A client, without the values of its secrets."""

    id: Id
    client_id: ClientId
    name: GivenName
    scopes: GivenScopes
    limits: GivenLimits
    secrets: GivenSecrets
    created_at: CreatedAt

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
    """A new client with the value of its first secret."""

    id: Id
    client_id: ClientId
    client_secret: SecretValue
    name: GivenName
    scopes: GivenScopes
    limits: GivenLimits
    secrets: GivenSecrets
    created_at: CreatedAt


class IssuedSecret(BaseModel):
    """A new secret with its value."""

    id: SecretId
    client_secret: SecretValue
