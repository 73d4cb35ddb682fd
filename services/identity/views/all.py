"""All read models of identity as one, as the event store wants them."""

from typing import ClassVar

from identity.views.clients import ClientViews
from identity.views.people import PeopleViews


class IdentityViews(PeopleViews, ClientViews):
    tables: ClassVar[tuple[str, ...]] = (*PeopleViews.tables, *ClientViews.tables)
