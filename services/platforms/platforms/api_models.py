"""Bodies and answers of the routes of platforms."""

from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from kit.http.fields import Body, Name
from platforms.connections.schemas import Api, Kind
from platforms.credentials.api_models import (
    ApiCredentialsAnswer,
    DbCredentialsAnswer,
    api_credentials,
    db_credentials,
)
from platforms.platforms.views import PlatformRow

_NAME = "Name of the platform, 1 to 100 characters on one line."
_API = (
    "API that connects to the platform: the `name` of a connector with the target `api` and the platform's kind, or "
    "`none`."
)
_EARLIER = "2026-03-02T09:30:00Z"


class PlatformCreation(Body):
    """A trade platform to add."""

    name: Name = Field(description=_NAME, examples=["MT5 Live"])
    kind: Kind = Field(description="Kind of platform.", examples=["mt5"])
    api: Api = Field(default="none", description=_API, examples=["mt5-webapi"])


class PlatformChange(Body):
    """Changes of a platform. Fields that are left out keep their values."""

    # Factories, because defaults would be shown in the document.
    name: Name = Field(default_factory=str, description=_NAME, examples=["MT5 Live EU"])
    api: Api = Field(default_factory=lambda: "none", description=_API, examples=["mt5-webapi"])


class Status(BaseModel):
    """The result of the last checks of a platform."""

    state: str = Field(
        description="`ok`; `degraded`: works, with a warning; `lost`: unreachable; `refused`: the credentials were "
        "rejected, and checks stop until they are changed; `unknown`: not checked.",
        examples=["ok"],
    )
    reason: str | None = Field(
        description="Code of the reason, such as `bad-credentials`; null if the state is `ok`.", examples=[None]
    )
    since: AwareDatetime = Field(
        description="Time of the last change of the state (RFC 3339, UTC).", examples=[_EARLIER]
    )


class PlatformAnswer(BaseModel):
    """A trade platform, with its credentials without their passwords."""

    id: UUID = Field(description="Id of the platform.", examples=["e1d6a3b8-7c5f-4e29-8b0a-5d4c2f1e9a65"])
    name: str = Field(description="Name of the platform.", examples=["MT5 Live"])
    kind: str = Field(description="Kind of platform.", examples=["mt5"])
    api: str = Field(description="Connector to the API of the platform, or `none`.", examples=["mt5-webapi"])
    api_credentials: ApiCredentialsAnswer | None = Field(description="Credentials of the API; null if there are none.")
    db_credentials: DbCredentialsAnswer | None = Field(
        description="Credentials of the report database; null if there are none."
    )
    status: Status = Field(description="Whether the platform can be reached.")
    created_at: AwareDatetime = Field(description="Time of creation (RFC 3339, UTC).", examples=[_EARLIER])

    @classmethod
    def of(cls, row: PlatformRow) -> "PlatformAnswer":
        return cls(
            id=row.id,
            name=row.name,
            kind=row.kind,
            api=row.api,
            api_credentials=api_credentials(row),
            db_credentials=db_credentials(row),
            status=Status(state=row.state, reason=row.reason, since=row.since),
            created_at=row.created_at,
        )
