"""Use cases of trade platforms: add, list, change and remove them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from kit.errors import NotFound
from platforms.checks.service import Checks
from platforms.connectors import installed
from platforms.credentials.service import CredentialService
from platforms.platforms.domain import NO_API, TradePlatform
from platforms.platforms.views import PlatformRow
from platforms.store import PlatformStore


class Platforms:
    def __init__(self, store: PlatformStore, credentials: CredentialService, checks: Checks) -> None:
        self._store = store
        self._credentials = credentials
        self._checks = checks

    def get(self, organization_id: UUID, platform_id: UUID) -> PlatformRow:
        """Raises NotFound."""
        row = self._store.views.find(organization_id, platform_id)
        if row is None:
            raise NotFound
        return row

    def list(
        self, organization_id: UUID, only: Sequence[UUID] | None, after: tuple[datetime | str, UUID], limit: int
    ) -> Sequence[PlatformRow]:
        """In the order in which they were added; `only` these where the caller is limited; limit + 1 at most."""
        return self._store.views.all(organization_id, only, after, limit)

    def add(self, organization_id: UUID, name: str, kind: str, api: str) -> UUID:
        """Raises Invalid when the API does not fit the kind, NotFound for a deleted organization."""
        if self._store.views.is_deleted(organization_id):
            raise NotFound
        platform = TradePlatform.added(uuid4(), organization_id, name, kind, api, installed().apis(kind))
        self._store.run(lambda: self._store.save(platform))
        return platform.id

    def change(self, organization_id: UUID, platform_id: UUID, given: Mapping[str, Any]) -> None:
        """Change the given fields: name, api. Another API is checked at once with the stored credentials."""

        def work() -> None:
            platform = self._store.live(organization_id, platform_id)
            before = platform.api
            if "name" in given:
                platform.rename(given["name"])
            if "api" in given:
                platform.choose_api(given["api"], installed().apis(platform.kind))
            if platform.api != before and "api" in platform.credentials:
                self._api_changed(platform)
            self._store.save(platform)

        self._store.run(work)

    def remove(self, organization_id: UUID, platform_id: UUID) -> None:
        """With its credentials and the history of its checks."""
        self._store.run(lambda: self._remove(self._store.live(organization_id, platform_id)))

    def end_organization(self, organization_id: UUID) -> None:
        """Remove the platforms of an organization that can no longer be restored, and the key of its credentials."""

        def work() -> None:
            for platform_id in self._store.views.ids_of(organization_id):
                self._remove(self._store.find(TradePlatform, platform_id))
            self._credentials.organization_ended(organization_id)
            self._store.views.organization_ended(organization_id)

        self._store.run(work)

    def end_organizations(self) -> None:
        """End all deleted organizations whose time to be restored is over."""
        for organization_id in self._store.views.to_end(self._store.clock()):
            self.end_organization(organization_id)

    def _api_changed(self, platform: TradePlatform) -> None:
        if not self._credentials.api_changed(platform):
            return
        self._checks.drop(platform, "api")
        if platform.api != NO_API:
            self._checks.plan(platform, "api")

    def _remove(self, platform: TradePlatform) -> None:
        platform.remove()
        self._credentials.destroy(platform.id)
        self._checks.forget(platform.id)
        self._store.save(platform)
