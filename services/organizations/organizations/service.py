"""Use cases of organizations."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

from psycopg import Cursor

from kit.context import acting
from kit.errors import NotFound
from kit.eventstore.store import Store
from organizations.organizations.domain import Organization, first_organization_id
from organizations.organizations.views import OrganizationViews
from organizations.users.service import Users

FIRST_NAME = "My organization"


class Organizations:
    """`clock` gives the time in UTC."""

    def __init__(self, store: Store, views: OrganizationViews, users: Users, clock: Callable[[], datetime]) -> None:
        self._store = store
        self.views = views
        self._users = users
        self.clock = clock

    def live(self, organization_id: UUID) -> Organization:
        """An organization that is not deleted; raises NotFound."""
        organization = self._store.find(Organization, organization_id)
        if organization.deleted:
            raise NotFound
        return organization

    def create_first(self, user_id: UUID) -> None:
        """Create the first organization of a user, once, whichever of the event and the first request comes first."""
        organization_id = first_organization_id(user_id)
        if self.views.known(organization_id):
            return
        account = self._users.find(user_id)
        if account is not None and account.erased:
            return

        def work() -> None:
            if not self.views.known(organization_id):
                with acting(actor=str(user_id)):
                    self._store.save(Organization(id=organization_id, name=FIRST_NAME, owner=user_id))

        self._store.run(work)

    def create(self, name: str, owner: UUID) -> Organization:
        organization = Organization(id=uuid4(), name=name, owner=owner)
        self._store.run(lambda: self._store.save(organization))
        return organization

    def rename(self, organization_id: UUID, name: str) -> None:
        def work() -> None:
            organization = self.live(organization_id)
            organization.rename(name)
            self._store.save(organization)

        self._store.run(work)

    def delete(self, organization_id: UUID) -> None:
        def work() -> None:
            organization = self.live(organization_id)
            organization.delete(self.clock())
            self._store.save(organization)

        self._store.run(work)

    def restore(self, organization_id: UUID, by: UUID) -> None:
        """Raises NotFound once it is purged, and for users who were not administrators of it."""

        def work() -> None:
            organization = self._store.find(Organization, organization_id)
            organization.restore(by, self.clock())
            self._store.save(organization)

        self._store.run(work)


def accepts_foreign_events(cursor: Cursor[dict[str, object]], organization_id: UUID) -> bool:
    """Whether foreign events of an organization may still be stored: no longer once it is purged.

    Locks the event table until commit, so that no command can store events meanwhile. A purge is therefore either
    committed already or comes later;
    and every writer that takes a number of the events' sequence now commits before the next
    one is given out.
    """
    cursor.execute("LOCK TABLE events IN EXCLUSIVE MODE")
    row = cursor.execute("SELECT purged FROM organizations WHERE id = %s", (organization_id,)).fetchone()
    return row is None or not row["purged"]
