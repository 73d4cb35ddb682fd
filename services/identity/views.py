"""All projections of identity as one, as the event store needs them."""

from collections.abc import Sequence
from typing import ClassVar

from identity.clients.views import ClientViews
from identity.login_throttle.views import LockViews
from identity.oauth.revoke.views import RevokedTokenViews
from identity.users.views import UserViews
from kit.eventstore.projection import Rows


class IdentityViews(UserViews, ClientViews, RevokedTokenViews, LockViews):
    tables: ClassVar[tuple[str, ...]] = (*UserViews.tables, *ClientViews.tables, *LockViews.tables)

    def rows(self) -> Sequence[Rows]:
        """The rows of all slices that events alone fill."""
        return [*(Rows(table) for table in self.tables), *RevokedTokenViews.rows(self)]
