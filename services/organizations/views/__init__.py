"""Read models, changed in the transaction that stores the events they show."""

from collections.abc import Callable, Sequence
from typing import Any

from psycopg import Cursor

from kit.db.database import Database
from kit.eventstore.store import Recorded
from kit.eventstore.views import Rows, Views
from organizations.views import audit, heard, invitations, organizations
from organizations.views.audit import AuditTrail
from organizations.views.heard import HeardEvents
from organizations.views.invitations import InvitationViews
from organizations.views.organizations import OrganizationViews

SCHEMA = [
    ("organizations-views-1", organizations.SCHEMA),
    ("organizations-invitations-1", invitations.SCHEMA),
    ("organizations-audit-1", audit.SCHEMA),
    ("organizations-heard-1", heard.SCHEMA),
    ("organizations-heard-2", heard.BY_PLATFORM),
]


class AllViews(Views):
    """The read models of the service; `hash_of` is the keyed hash of an address's normal form."""

    def __init__(self, database: Database, hash_of: Callable[[str], bytes]) -> None:
        super().__init__(database)
        self.organizations = OrganizationViews(database)
        self.invitations = InvitationViews(database, hash_of)
        self.audit = AuditTrail(database)
        self.heard = HeardEvents(database)
        self._parts: tuple[Views, ...] = (self.organizations, self.invitations, self.audit, self.heard)

    def apply(self, cursor: Cursor[Any], recorded: Recorded) -> None:
        """Change the rows of each read model that one stored event changes."""
        for part in self._parts:
            part.apply(cursor, recorded)

    def apply_all(self, cursor: Cursor[Any], events: Sequence[Recorded]) -> None:
        """Read model by read model: none of them looks at another's rows."""
        for part in self._parts:
            part.apply_all(cursor, events)

    def rows(self) -> Sequence[Rows]:
        """Those of all of them."""
        return [rows for part in self._parts for rows in part.rows()]
