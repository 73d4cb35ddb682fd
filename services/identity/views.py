"""All read models of identity as one, as the event store needs them."""

from typing import ClassVar

from identity.clients.views import ClientViews
from identity.login_throttle.views import LockViews
from identity.oauth.revoke.views import RevokedTokenViews
from identity.people.views import PeopleViews


class IdentityViews(PeopleViews, ClientViews, RevokedTokenViews, LockViews):
    tables: ClassVar[tuple[str, ...]] = (
        *PeopleViews.tables,
        *ClientViews.tables,
        *RevokedTokenViews.tables,
        *LockViews.tables,
    )
