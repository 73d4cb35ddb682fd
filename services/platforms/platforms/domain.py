"""The trade platform: its name, its API, which credentials it has, and its status."""

from collections.abc import Collection
from typing import Literal
from uuid import UUID

from eventsourcing.domain import event

from kit.errors import Conflict, Forbidden, Invalid, NotFound
from kit.eventstore.aggregate import Aggregate, Created

Target = Literal["api", "db"]

NO_API = "none"
"""The `api` of a platform without an API."""


class ApiNotChosen(Conflict):
    code = "api-not-chosen"
    title = "The platform has no API: choose one first"


class NoCredentials(Conflict):
    code = "no-credentials"
    title = "The platform has no credentials for this target: set them first"


class ConnectorMissing(Conflict):
    code = "connector-missing"
    title = "No connector is installed for this platform and target"


class LimitedToPlatforms(Forbidden):
    code = "limited-to-platforms"
    title = "Your permissions are limited to certain platforms: you cannot add platforms"


class TradePlatform(Aggregate):
    """One trade server of an organization. `versions` counts each target's credentials and never goes back."""

    TOPIC = "platforms.TradePlatform"
    credentials_api: str | None = None
    """The API that the platform had when its API credentials were set; None in snapshots of earlier releases."""

    class PlatformAdded(Created):
        TOPIC = "platforms.PlatformAdded"
        organization_id: UUID
        name: str
        kind: str
        api: str

    class PlatformRenamed(Aggregate.Event):
        TOPIC = "platforms.PlatformRenamed"
        organization_id: UUID
        from_: str
        to: str

    class PlatformApiChosen(Aggregate.Event):
        TOPIC = "platforms.PlatformApiChosen"
        organization_id: UUID
        from_: str
        to: str

    class PlatformCredentialsSet(Aggregate.Event):
        """Without the secret, which is in a row, encrypted."""

        TOPIC = "platforms.PlatformCredentialsSet"
        organization_id: UUID
        target: str
        host: str
        port: int
        login: str
        database: str | None
        tls: str
        version: int
        fingerprint: str
        options: dict[str, str | int] | None = None
        """None in events of earlier releases."""

    class PlatformCredentialsRemoved(Aggregate.Event):
        TOPIC = "platforms.PlatformCredentialsRemoved"
        organization_id: UUID
        target: str

    class PlatformStatusChanged(Aggregate.Event):
        TOPIC = "platforms.PlatformStatusChanged"
        organization_id: UUID
        from_: str
        to: str
        reason: str | None

    class PlatformRemoved(Aggregate.Event):
        TOPIC = "platforms.PlatformRemoved"
        organization_id: UUID

    @event(PlatformAdded)
    def __init__(self, id: UUID, organization_id: UUID, name: str, kind: str, api: str) -> None:
        self.organization_id = organization_id
        self.name = name
        self.kind = kind
        self.api = api
        self.versions: dict[str, int] = {}
        self.credentials: list[str] = []
        self.state = "unknown"
        self.reason: str | None = None
        self.removed = False

    @staticmethod
    def create_id(id: UUID) -> UUID:
        return id

    @classmethod
    def added(
        cls, id: UUID, organization_id: UUID, name: str, kind: str, api: str, apis: Collection[str]
    ) -> "TradePlatform":
        """A new platform; raises Invalid when the API is none of `apis`, those that fit its kind."""
        _must_fit(kind, api, apis)
        return cls(id=id, organization_id=organization_id, name=name, kind=kind, api=api)

    def rename(self, name: str) -> None:
        if name != self.name:
            self._rename(self.organization_id, self.name, name)

    def choose_api(self, api: str, apis: Collection[str]) -> None:
        """Raises Invalid when it is none of `apis`, those that fit the platform's kind."""
        _must_fit(self.kind, api, apis)
        if api != self.api:
            self._choose_api(self.organization_id, self.api, api)

    def next_version(self, target: Target) -> int:
        """The version that new credentials will have; raises ApiNotChosen where none could be used."""
        if target == "api" and self.api == NO_API:
            raise ApiNotChosen
        return self.versions.get(target, 0) + 1

    def set_credentials(
        self,
        target: Target,
        host: str,
        port: int,
        login: str,
        database: str | None,
        tls: str,
        fingerprint: str,
        options: dict[str, str | int],
    ) -> None:
        """`options` are further values of the form; none of them is secret."""
        version = self.next_version(target)
        self._set_credentials(
            self.organization_id, target, host, port, login, database, tls, version, fingerprint, options
        )

    def remove_credentials(self, target: Target) -> None:
        """Raises NotFound when there are none."""
        if target not in self.credentials:
            raise NotFound
        self._remove_credentials(self.organization_id, target)

    def found(self, state: str, reason: str | None) -> None:
        """Record what the checks say now."""
        if (state, reason) != (self.state, self.reason):
            self._found(self.organization_id, self.state, state, reason)

    def remove(self) -> None:
        if not self.removed:
            self._remove(self.organization_id)

    @event(PlatformRenamed)
    def _rename(self, organization_id: UUID, from_: str, to: str) -> None:
        self.name = to

    @event(PlatformApiChosen)
    def _choose_api(self, organization_id: UUID, from_: str, to: str) -> None:
        self.api = to

    @event(PlatformCredentialsSet)
    def _set_credentials(
        self,
        organization_id: UUID,
        target: str,
        host: str,
        port: int,
        login: str,
        database: str | None,
        tls: str,
        version: int,
        fingerprint: str,
        options: dict[str, str | int] | None = None,
    ) -> None:
        self.versions[target] = version
        if target == "api":
            self.credentials_api = self.api
        if target not in self.credentials:
            self.credentials.append(target)

    @event(PlatformCredentialsRemoved)
    def _remove_credentials(self, organization_id: UUID, target: str) -> None:
        self.credentials.remove(target)

    @event(PlatformStatusChanged)
    def _found(self, organization_id: UUID, from_: str, to: str, reason: str | None) -> None:
        self.state = to
        self.reason = reason

    @event(PlatformRemoved)
    def _remove(self, organization_id: UUID) -> None:
        self.removed = True
        self.credentials = []


def _must_fit(kind: str, api: str, apis: Collection[str]) -> None:
    if api not in apis:
        raise Invalid("api", f"must be one of {', '.join(apis)} for an {kind} platform")
