"""All read models of identity as one, as the event store wants them."""

from typing import ClassVar

from identity.clients.views import ClientViews
from identity.people.views import PeopleViews
from identity.sign_in.views import LockViews


class IdentityViews(PeopleViews, ClientViews, LockViews):
    tables: ClassVar[tuple[str, ...]] = (*PeopleViews.tables, *ClientViews.tables, *LockViews.tables)
