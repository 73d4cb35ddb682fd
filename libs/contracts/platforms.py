"""Events of the platforms context: trade platforms, their credentials and status."""

from typing import ClassVar, Literal

from pydantic import Field

from contracts.event import Code, Event
from contracts.fields import OrganizationId, PlatformId

_TARGET = "`api` for the live API, `db` for the report database."


class PlatformEvent(Event):
    """Fields of every event of a trade platform."""

    context: ClassVar[str] = "platforms"
    organization_id: OrganizationId
    platform_id: PlatformId


class PlatformAdded(PlatformEvent):
    """A trade platform, an MT4 or MT5 server, was added to an organization."""

    name: str = Field(description="Name of the platform.")
    kind: Literal["mt4", "mt5"] = Field(description="Generation of the MetaTrader server.")
    api: Code = Field(description="The connector of its live API, such as `mt5-rest`.")


class PlatformOfOtherKindAdded(PlatformEvent):
    """A trade platform of another kind than those of PlatformAdded.v1 was added to an organization."""

    name: str = Field(description="Name of the platform.")
    kind: Code = Field(description="Kind of the platform.")
    api: Code = Field(description="The connector of its live API.")


class PlatformRenamed(PlatformEvent):
    """A trade platform was renamed."""

    from_: str = Field(validation_alias="from", serialization_alias="from", description="The name before.")
    to: str = Field(description="The name after.")


class PlatformApiChosen(PlatformEvent):
    """The connector of a trade platform's live API changed."""

    from_: Code = Field(validation_alias="from", serialization_alias="from", description="The connector before.")
    to: Code = Field(description="The connector after.")


class PlatformCredentialsSet(PlatformEvent):
    """Credentials of a trade platform were stored. The event does not contain the password."""

    target: Literal["api", "db"] = Field(description=_TARGET)
    host: str = Field(description="Host name or address of the server.")
    port: int = Field(description="TCP port of the server.")
    login: str = Field(description="Login of the manager account, or user of the database.")
    version: int = Field(description="Number of this version of the credentials, rising from 1.")
    fingerprint: str = Field(description="16 hexadecimal digits that distinguish versions of the credentials.")


class PlatformCredentialsRemoved(PlatformEvent):
    """Credentials of a trade platform were removed."""

    target: Literal["api", "db"] = Field(description=_TARGET)


class PlatformStatusChanged(PlatformEvent):
    """A check changed the status of a trade platform."""

    from_: Code = Field(
        validation_alias="from", serialization_alias="from", description="The status before, such as `ok`."
    )
    to: Code = Field(description="The status after, such as `unreachable`.")
    reason: Code | None = Field(
        description="Why the platform cannot be used, such as `bad-credentials`; null if it can."
    )


class PlatformRemoved(PlatformEvent):
    """A trade platform was removed, with its credentials."""
