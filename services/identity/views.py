"""All projections of identity as one, as the event store needs them."""

from collections.abc import Sequence
from typing import ClassVar

from identity.clients.views import ClientViews
from identity.login_throttle.views import LockViews
from identity.oauth.revoke.views import RevokedTokenViews
from identity.people.views import PeopleViews
from kit.eventstore.projection import Rows


class IdentityViews(PeopleViews, ClientViews, RevokedTokenViews, LockViews):
    tables: ClassVar[tuple[str, ...]] = (*PeopleViews.tables, *ClientViews.tables, *LockViews.tables)

    def rows(self) -> Sequence[Rows]:
        """The rows of all slices that events alone fill."""
        return [*(Rows(table) for table in self.tables), *RevokedTokenViews.rows(self)]
