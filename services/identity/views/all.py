"""All read models of identity as one, as the event store wants them."""

from typing import ClassVar

from identity.views.clients import ClientViews
from identity.views.locks import LockViews
from identity.views.people import PeopleViews


class IdentityViews(PeopleViews, ClientViews, LockViews):
    tables: ClassVar[tuple[str, ...]] = (*PeopleViews.tables, *ClientViews.tables, *LockViews.tables)
