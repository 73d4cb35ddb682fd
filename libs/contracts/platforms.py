"""Events of the platforms context: trade platforms, their credentials and status."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from contracts.event import Code, Event

_TARGET = "`api` for the live API, `db` for the report database."


class PlatformEvent(Event):
    """Fields of every event of a trade platform."""

    context: ClassVar[str] = "platforms"
    organization_id: UUID
    platform_id: UUID


class PlatformAdded(PlatformEvent):
    """A trade platform, an MT4 or MT5 server, was added to an organization."""

    name: str
    kind: Literal["mt4", "mt5"]
    api: Code = Field(description="The connector of its live API, such as `mt5-rest`.")


class PlatformOfOtherKindAdded(PlatformEvent):
    """A trade platform of another kind than those of PlatformAdded.v1 was added to an organization."""

    name: str
    kind: Code
    api: Code = Field(description="The connector of its live API.")


class PlatformRenamed(PlatformEvent):
    """A trade platform was renamed."""

    from_: str = Field(validation_alias="from", serialization_alias="from")
    to: str


class PlatformApiChosen(PlatformEvent):
    """The connector of a trade platform's live API changed."""

    from_: Code = Field(validation_alias="from", serialization_alias="from")
    to: Code


class PlatformCredentialsSet(PlatformEvent):
    """Credentials of a trade platform were stored. The event does not contain the password."""

    target: Literal["api", "db"] = Field(description=_TARGET)
    host: str
    port: int
    login: str
    version: int = Field(description="Number of this version of the credentials, rising from 1.")
    fingerprint: str = Field(description="16 hexadecimal digits that distinguish versions of the credentials.")


class PlatformCredentialsRemoved(PlatformEvent):
    """Credentials of a trade platform were removed."""

    target: Literal["api", "db"] = Field(description=_TARGET)


class PlatformStatusChanged(PlatformEvent):
    """A check changed the status of a trade platform."""

    from_: Code = Field(validation_alias="from", serialization_alias="from")
    to: Code
    reason: Code | None = Field(
        description="Why the platform cannot be used, such as `bad-credentials`; null if it can."
    )


class PlatformRemoved(PlatformEvent):
    """A trade platform was removed, with its credentials."""
