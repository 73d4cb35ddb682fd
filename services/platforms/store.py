"""The event store of the service, which the use cases of all slices share."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from kit.db.database import Database
from kit.errors import NotFound
from kit.eventstore.store import Store
from kit.security.service_keys import SubjectKeys
from platforms.platforms.domain import TradePlatform
from platforms.platforms.views import PlatformViews

Clock = Callable[[], datetime]


class PlatformStore(Store):
    """`clock` gives the time in UTC."""

    name = "platforms"
    snapshotting_intervals: ClassVar[Any] = {TradePlatform: 50}
    views: PlatformViews

    def __init__(self, database: Database, subjects: SubjectKeys, views: PlatformViews, clock: Clock) -> None:
        super().__init__(database, subjects, views)
        self.clock = clock

    def live(self, organization_id: UUID, platform_id: UUID) -> TradePlatform:
        """A platform that exists, of an organization that is not deleted; raises NotFound."""
        platform = self.find(TradePlatform, platform_id)
        if platform.removed or platform.organization_id != organization_id or self.views.is_deleted(organization_id):
            raise NotFound
        return platform
