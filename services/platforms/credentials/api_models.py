"""Answers of the routes of credentials."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field

from platforms.connections.connector import CredentialForm
from platforms.connections.schemas import ApiLogin
from platforms.connectors import installed
from platforms.credentials.vault import Use
from platforms.platforms.domain import Target
from platforms.platforms.views import PlatformRow

UserId = Annotated[
    str | None,
    Field(
        description="Id of the user or client; null if the system did it.",
        examples=["8c1f2b7e-52a4-4f0e-8a3c-6b1d9e0f4a21"],
    ),
]
Port = Annotated[int, Field(description="TCP port of the server.")]
Tls = Annotated[
    str,
    Field(
        description="`verify`: TLS with a verified certificate. `require`: TLS without verification. `off`: no TLS.",
        examples=["verify"],
    ),
]
Version = Annotated[
    int, Field(description="Version of the credentials: 1 for the first, one more for each change.", examples=[1])
]
Fingerprint = Annotated[
    str,
    Field(
        description="Distinguishes versions of the credentials. It does not show whether two passwords are equal.",
        examples=["b9960f26ebde7a96"],
    ),
]
SetAt = Annotated[
    AwareDatetime,
    Field(description="Time at which this version was stored (RFC 3339, UTC).", examples=["2026-03-02T09:30:00Z"]),
]

Options = Annotated[
    dict[str, str | int],
    Field(
        description="Values of those fields of the connector's form that no other field of this answer has, without "
        "secrets and certificates.",
        examples=[{}],
    ),
]


class ApiCredentialsAnswer(BaseModel):
    """Credentials of a platform's API, without the password."""

    host: str = Field(description="Host name or IP address of the server.", examples=["mt5.broker.example"])
    port: Port = Field(examples=[1950])
    login: ApiLogin = Field(description="Login of the manager.", examples=[1000])
    tls: Tls
    version: Version
    fingerprint: Fingerprint
    options: Options
    set_at: SetAt
    set_by: UserId


class DbCredentialsAnswer(BaseModel):
    """Credentials of a platform's report database, without the password."""

    host: str = Field(description="Host name or IP address of the server.", examples=["reports.broker.example"])
    port: Port = Field(examples=[3306])
    database: str = Field(description="Name of the database (schema).", examples=["mt5_reports"])
    user: str = Field(description="User of the database.", examples=["tradehall"])
    tls: Tls
    version: Version
    fingerprint: Fingerprint
    options: Options
    set_at: SetAt
    set_by: UserId


class CredentialUse(BaseModel):
    """A use of stored credentials."""

    id: int = Field(description="Number of the use; later uses have higher numbers.", examples=[144])
    used_at: AwareDatetime = Field(description="Time of the use (RFC 3339, UTC).", examples=["2026-03-16T14:05:00Z"])
    target: str = Field(description="Credentials used: `api` or `db`.", examples=["api"])
    version: Version
    purpose: str = Field(
        description="One of check, scheduled-check, read and keep-hash-only. Later versions may add more.",
        examples=["read"],
    )
    actor: UserId
    request_id: str | None = Field(
        description="`X-Request-Id` of the request that used them; null if no request did.",
        examples=["4bf92f3577b34da6a3ce929d0e0e4736"],
    )

    @classmethod
    def of(cls, use: Use) -> "CredentialUse":
        return cls(**vars(use))


def api_credentials(row: PlatformRow) -> ApiCredentialsAnswer | None:
    """A platform's API credentials, without the password."""
    known = row.api_credentials
    if known is None:
        return None
    connector = installed().api(row.api)
    login = known["login"] if connector is None else connector.form.login_type(known["login"])
    return ApiCredentialsAnswer.model_validate({"options": {}} | known | {"login": login})


def db_credentials(row: PlatformRow) -> DbCredentialsAnswer | None:
    """A platform's database credentials, without the password."""
    known = row.db_credentials
    return (
        None
        if known is None
        else DbCredentialsAnswer.model_validate({"options": {}} | known | {"user": known["login"]})
    )


def options_of(form: CredentialForm, target: Target) -> dict[str, str | int]:
    """The values of a form that its answer shows as `options`."""
    answer = ApiCredentialsAnswer if target == "api" else DbCredentialsAnswer
    return {name: value for name, value in form.shown().items() if name not in answer.model_fields}
