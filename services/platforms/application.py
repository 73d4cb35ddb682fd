"""What can be asked of trade platforms."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

from kit.db.database import Database
from kit.errors import NotFound
from kit.eventstore.store import Store
from kit.security.service_keys import SubjectKeys
from platforms.checking.outcomes import combined
from platforms.checking.steps import Result
from platforms.credentials import Credentials, Secret
from platforms.domain import HASHED, ApiNotChosen, NoCredentials, Target, TradePlatform, tls_of
from platforms.history import CheckHistory
from platforms.vault import Opened, Place, Use, Vault
from platforms.views import PlatformViews

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class GivenCredentials:
    """As somebody gives them. `tls` of an API is what the API has."""

    host: str
    port: int
    login: str
    password: str = field(repr=False)
    tls: str = "verify"
    database: str | None = None
    ca_pem: str | None = None

    def kept_for(self, target: Target, api: str) -> Credentials:
        """In the form to be kept: for some APIs a derived hash in place of the password."""
        tls = tls_of(api) if target == "api" else self.tls
        secret = Secret.password(self.password)
        kept = Credentials(self.host, self.port, self.login, secret, tls, self.database, self.ca_pem)
        return kept.hashed() if target == "api" and api in HASHED else kept


@dataclass(frozen=True)
class Checkable:
    """A platform's kind and API, and credentials to check it with."""

    kind: str
    api: str
    credentials: Credentials
    version: int | None
    """Of the stored credentials; null when they were offered."""


class Platforms(Store):
    """The service's event store with its use cases. `clock` answers the time, aware."""

    name = "platforms"
    snapshotting_intervals: ClassVar[Any] = {TradePlatform: 50}
    views: PlatformViews

    def __init__(
        self,
        database: Database,
        subjects: SubjectKeys,
        views: PlatformViews,
        vault: Vault,
        checks: CheckHistory,
        clock: Clock,
    ) -> None:
        super().__init__(database, subjects, views)
        self.vault = vault
        self.checks = checks
        self.clock = clock

    def live(self, organization_id: UUID, platform_id: UUID) -> TradePlatform:
        """A platform that is there, of an organization that is not deleted; raises NotFound."""
        platform = self.find(TradePlatform, platform_id)
        if platform.removed or platform.organization_id != organization_id or self.views.is_deleted(organization_id):
            raise NotFound
        return platform

    def add(self, organization_id: UUID, name: str, kind: str, api: str) -> UUID:
        """Raises Invalid when the API does not fit the kind, NotFound for a deleted organization."""
        if self.views.is_deleted(organization_id):
            raise NotFound
        platform = TradePlatform.added(uuid4(), organization_id, name, kind, api)
        self.run(lambda: self.save(platform))
        return platform.id

    def change(self, organization_id: UUID, platform_id: UUID, given: Mapping[str, Any]) -> None:
        """Changes the given parts: name, api. Another API is checked at once with the credentials there are."""

        def work() -> None:
            platform = self.live(organization_id, platform_id)
            before = platform.api
            if "name" in given:
                platform.rename(given["name"])
            if "api" in given:
                platform.choose_api(given["api"])
            if platform.api != before and "api" in platform.credentials:
                self._api_changed(platform)
            self.save(platform)

        self.run(work)

    def remove(self, organization_id: UUID, platform_id: UUID) -> None:
        """With its credentials and the history of its checks."""
        self.run(lambda: self._remove(self.live(organization_id, platform_id)))

    def set_credentials(
        self, organization_id: UUID, platform_id: UUID, target: Target, given: GivenCredentials
    ) -> None:
        """Seals them in the transaction of the event; a check follows. Raises NotFound, ApiNotChosen."""

        def work() -> None:
            platform = self.live(organization_id, platform_id)
            version = platform.next_version(target)
            place = Place(organization_id, platform_id, target, version)
            kept = given.kept_for(target, platform.api)
            fingerprint = self.vault.fingerprint(place, given.password)
            now = self.clock()
            platform.set_credentials(target, kept.host, kept.port, kept.login, kept.database, kept.tls, fingerprint)
            self.vault.put(place, kept, now)
            self.checks.plan(organization_id, platform_id, target, version, now)
            self.save(platform)

        self.run(work)

    def remove_credentials(self, organization_id: UUID, platform_id: UUID, target: Target) -> None:
        """Destroys every version of them. Raises NotFound when there are none."""

        def work() -> None:
            platform = self.live(organization_id, platform_id)
            platform.remove_credentials(target)
            self.vault.destroy(platform_id, target)
            self.checks.drop(platform_id, target)
            self._reconsider(platform)
            self.save(platform)

        self.run(work)

    def stored(self, organization_id: UUID, platform_id: UUID, target: Target, purpose: str) -> Checkable:
        """Stored credentials for one use, which is written down. Raises NotFound, ApiNotChosen, NoCredentials."""

        def work() -> Checkable:
            platform = self.live(organization_id, platform_id)
            if target == "api" and platform.api == "none":
                raise ApiNotChosen
            opened = self.vault.use(organization_id, platform_id, target, purpose, self.clock())
            if opened is None:
                raise NoCredentials
            return _checkable(platform, opened)

        return self.run(work)

    def uses(self, organization_id: UUID, platform_id: UUID, below: int, limit: int) -> list[Use]:
        """When stored credentials were used, by whom and for what, also of a platform that is gone. Raises NotFound."""
        platform = self.find(TradePlatform, platform_id)
        if platform.organization_id != organization_id or self.views.is_deleted(organization_id):
            raise NotFound
        return self.vault.uses(organization_id, platform_id, below, limit)

    def offered(self, organization_id: UUID, platform_id: UUID, target: Target, given: GivenCredentials) -> Checkable:
        """Credentials that somebody offers and that are not kept. Raises NotFound, ApiNotChosen."""
        platform = self.live(organization_id, platform_id)
        platform.next_version(target)
        return Checkable(platform.kind, platform.api, given.kept_for(target, platform.api), None)

    def checked(
        self, organization_id: UUID, platform_id: UUID, result: Result, version: int | None, occasion: str
    ) -> None:
        """Keeps a check's result; the platform's status follows, unless the credentials were offered or replaced
        meanwhile. A platform that was removed meanwhile is passed over."""

        def work() -> None:
            try:
                platform = self.live(organization_id, platform_id)
            except NotFound:
                return
            self.checks.add(organization_id, platform_id, result, version, occasion)
            if version is not None and self.checks.conclude(platform_id, version, result):
                self._reconsider(platform)
                self.save(platform)

        self.run(work)

    def end_organization(self, organization_id: UUID) -> None:
        """An organization that can no longer be restored: its platforms go, and the key of its credentials."""

        def work() -> None:
            for platform_id in self.views.ids_of(organization_id):
                self._remove(self.find(TradePlatform, platform_id))
            self.vault.destroy_key(organization_id)
            self.views.organization_ended(organization_id)

        self.run(work)

    def _api_changed(self, platform: TradePlatform) -> None:
        if platform.api in HASHED:
            self.vault.forget_clear_password(platform.organization_id, platform.id, self.clock())
        self.checks.drop(platform.id, "api")
        if platform.api != "none":
            version = platform.versions["api"]
            self.checks.plan(platform.organization_id, platform.id, "api", version, self.clock())
        self._reconsider(platform)

    def _remove(self, platform: TradePlatform) -> None:
        platform.remove()
        self.vault.destroy(platform.id)
        self.checks.drop(platform.id)
        self.checks.forget(platform.id)
        self.save(platform)

    def _reconsider(self, platform: TradePlatform) -> None:
        platform.found(*combined(self.checks.states(platform.id).values()))


def _checkable(platform: TradePlatform, opened: Opened) -> Checkable:
    return Checkable(platform.kind, platform.api, opened.credentials, opened.place.version)
