"""The use cases of the service on one event store, without HTTP and without what runs beside it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, ClassVar

from psycopg import Cursor

from contracts.email import normal
from contracts.streams import STREAMS
from kit.db.database import Database
from kit.eventstore.projection import Projection, Rows
from kit.eventstore.store import Recorded, Store
from kit.http.idempotency import Idempotency
from kit.messaging.bus import Bus
from kit.messaging.stream_eraser import StreamEraser
from kit.security.keys import MasterKey, keyed_hash
from kit.security.rate_limiter import RateLimiter
from kit.security.service_keys import ServiceKeys, SubjectKeys
from organizations.audit.views import AuditTrail
from organizations.erasure import Erasure
from organizations.feed.service import EnvelopeOf, Feed
from organizations.feed.views import ForeignEvents
from organizations.housekeeping import Housekeeping
from organizations.invitations.domain import AlreadyInvited
from organizations.invitations.links import Links
from organizations.invitations.service import Invitations, revoked_offers
from organizations.invitations.views import InvitationViews
from organizations.members.service import Members
from organizations.members.views import MemberViews
from organizations.organizations.domain import Organization
from organizations.organizations.service import Organizations
from organizations.organizations.views import OrganizationViews
from organizations.users.service import Users


class AllViews(Projection):
    """The read models of all slices; `hash_of` gives the keyed hash of an address in its normal form."""

    def __init__(self, database: Database, hash_of: Callable[[str], bytes]) -> None:
        super().__init__(database)
        self.organizations = OrganizationViews(database)
        self.members = MemberViews(database)
        self.invitations = InvitationViews(database, hash_of)
        self.audit = AuditTrail(database)
        self.foreign = ForeignEvents(database)
        self._slices: tuple[Projection, ...] = (
            self.organizations,
            self.members,
            self.invitations,
            self.audit,
            self.foreign,
        )

    def apply(self, cursor: Cursor[Any], recorded: Recorded) -> None:
        """Change the rows of each read model that one stored event changes."""
        for projection in self._slices:
            projection.apply(cursor, recorded)

    def apply_all(self, cursor: Cursor[Any], events: Sequence[Recorded]) -> None:
        """Read model by read model: none of them looks at another's rows."""
        for views in self._slices:
            views.apply_all(cursor, events)

    def rows(self) -> Sequence[Rows]:
        """Those of all slices."""
        return [rows for views in self._slices for rows in views.rows()]


class OrganizationsStore(Store):
    """The event store of the service."""

    name = "organizations"
    snapshotting_intervals: ClassVar[Any] = {Organization: 50}
    refusals: ClassVar[Any] = {"invitations_pending_email": AlreadyInvited}


class Container:
    """The database has its tables already; `clock` gives the time in UTC."""

    def __init__(
        self,
        database: Database,
        master_key: MasterKey,
        bus: Bus,
        clock: Callable[[], datetime],
        envelope_of: EnvelopeOf,
    ) -> None:
        keys = ServiceKeys(database, master_key)
        email_key = keys.key("email")

        def hash_of(address: str) -> bytes:
            return keyed_hash(email_key, "email", normal(address))

        views = self.views = AllViews(database, hash_of)
        self.store = OrganizationsStore(database, SubjectKeys(database, master_key), views)
        self.idempotency = Idempotency(self.store, keys.key("idempotency"))
        self.eraser = StreamEraser(database, STREAMS["organizations"])
        self.limiter = RateLimiter(database, keys.key("limits"), clock)
        self.users = Users(database, bus, hash_of)
        self.organizations = Organizations(self.store, views.organizations, self.users, clock)
        self.members = Members(
            self.store, views.members, self.organizations, revoked_offers(self.store, views.invitations)
        )
        self.invitations = Invitations(
            self.store,
            views.invitations,
            self.organizations,
            self.members,
            self.users,
            Links(keys.key("invitation-link")),
            hash_of,
        )
        self.audit = views.audit
        self.feed = Feed(self.store, views.foreign, self.organizations, envelope_of)
        self.erasure = Erasure(
            self.store,
            self.organizations,
            self.members,
            self.invitations,
            self.users,
            self.audit,
            self.eraser,
            self.idempotency,
        )
        self.housekeeping = Housekeeping(self.invitations, self.erasure, self.idempotency, self.limiter)
