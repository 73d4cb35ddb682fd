"""Use cases of checks: plan them, record their results, and derive the platform's status from them."""

from collections.abc import Mapping
from uuid import UUID

from kit.errors import NotFound
from kit.http.pagination import TimeAndId
from platforms.checks.domain import Result
from platforms.checks.history import CheckHistory, Due, ResultRow
from platforms.checks.outcomes import combined
from platforms.platforms.domain import Target, TradePlatform
from platforms.store import PlatformStore


class Checks:
    def __init__(self, store: PlatformStore, history: CheckHistory) -> None:
        self._store = store
        self._history = history

    def plan(self, platform: TradePlatform, target: Target) -> None:
        """Have the target's newest credentials checked at once."""
        version = platform.versions[target]
        self._history.plan(platform.organization_id, platform.id, target, version, self._store.clock())

    def drop(self, platform: TradePlatform, target: Target) -> None:
        """Check the target no more; the platform's status follows, which the caller saves."""
        self._history.drop(platform.id, target)
        self._reconsider(platform)

    def forget(self, platform_id: UUID) -> None:
        """Delete everything about a platform that is removed."""
        self._history.drop(platform_id)
        self._history.forget(platform_id)

    def count_request(self, organization_id: UUID) -> None:
        """Raises TooManyRequests when an organization asks for more than ten checks a minute."""
        self._history.ask(organization_id, self._store.clock())

    def claim(self, limit: int) -> list[Due]:
        """Checks that are due, each given to one worker."""
        return self._history.claim(self._store.clock(), limit)

    def record(
        self, organization_id: UUID, platform_id: UUID, result: Result, version: int | None, occasion: str
    ) -> None:
        """Keep a result. The platform's status follows, unless the credentials were offered (`version` is None) or
        replaced meanwhile. A platform that was removed meanwhile is passed over."""

        def work() -> None:
            try:
                platform = self._store.live(organization_id, platform_id)
            except NotFound:
                return
            self._history.add(organization_id, platform_id, result, version, occasion)
            if version is not None and self._history.conclude(platform_id, version, result):
                self._reconsider(platform)
                self._store.save(platform)

        self._store.run(work)

    def results(self, organization_id: UUID, platform_id: UUID, after: TimeAndId | None, limit: int) -> list[ResultRow]:
        """Newest first; limit + 1 at most. Raises NotFound."""
        if self._store.views.find(organization_id, platform_id) is None:
            raise NotFound
        return self._history.read(platform_id, after, limit)

    def states(self, platform_id: UUID) -> Mapping[str, tuple[str, str | None]]:
        """By target that was checked, its (state, reason)."""
        return self._history.states(platform_id)

    def zones(self, platform_id: UUID) -> Mapping[str, int]:
        """By target, the server's time zone as the last check saw it, in minutes east of UTC."""
        return self._history.zones(platform_id)

    def delete_expired(self) -> None:
        """Delete results after 90 days."""
        self._history.delete_expired(self._store.clock())

    def _reconsider(self, platform: TradePlatform) -> None:
        platform.found(*combined(self._history.states(platform.id).values()))
