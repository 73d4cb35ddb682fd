"""Events of the platforms context: trade platforms, their credentials and status."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from contracts.event import Code, Event


class PlatformEvent(Event):
    """What every event of a trade platform tells."""

    context: ClassVar[str] = "platforms"
    organization_id: UUID
    platform_id: UUID


class PlatformAdded(PlatformEvent):
    """An organization has one more MT4 or MT5 server, reached by `api`."""

    name: str
    kind: Literal["mt4", "mt5"]
    api: Code


class PlatformOfOtherKindAdded(PlatformEvent):
    """An organization added a platform of a kind that PlatformAdded.v1, whose kinds are closed, does not know."""

    name: str
    kind: Code
    api: Code


class PlatformRenamed(PlatformEvent):
    """A platform is called otherwise."""

    from_: str = Field(validation_alias="from", serialization_alias="from")
    to: str


class PlatformApiChosen(PlatformEvent):
    """A platform is reached by another API."""

    from_: Code = Field(validation_alias="from", serialization_alias="from")
    to: Code


class PlatformCredentialsSet(PlatformEvent):
    """Credentials were stored: where they lead and their fingerprint, never the password."""

    target: Literal["api", "db"]
    host: str
    port: int
    login: str
    version: int
    fingerprint: str


class PlatformCredentialsRemoved(PlatformEvent):
    """Credentials are gone."""

    target: Literal["api", "db"]


class PlatformStatusChanged(PlatformEvent):
    """A check found the platform in another state."""

    from_: Code = Field(validation_alias="from", serialization_alias="from")
    to: Code
    reason: Code | None


class PlatformRemoved(PlatformEvent):
    """A platform is gone, and its credentials with it."""
