"""What can be asked of organizations and their members; invitations have their own file."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

from contracts.permissions import Grant
from kit.context import acting
from kit.db.database import Database
from kit.errors import NotFound
from kit.eventstore.store import Store
from kit.security.service_keys import SubjectKeys
from organizations.domain import (
    AlreadyInvited,
    GrantExceedsOwn,
    Invitation,
    Organization,
    first_organization_id,
)
from organizations.people import People
from organizations.views import AllViews

_log = logging.getLogger("organizations")
FIRST_NAME = "My organization"
Clock = Callable[[], datetime]


class Organizations(Store):
    """The service's event store with its use cases. `clock` answers the time, aware."""

    name = "organizations"
    snapshotting_intervals: ClassVar[Any] = {Organization: 50}
    refusals: ClassVar[Any] = {"invitations_pending_email": AlreadyInvited}
    views: AllViews

    def __init__(
        self, database: Database, subjects: SubjectKeys, views: AllViews, people: People, clock: Clock
    ) -> None:
        super().__init__(database, subjects, views)
        self.people = people
        self.clock = clock

    def live(self, organization_id: UUID) -> Organization:
        """An organization that is not deleted; raises NotFound."""
        organization = self.find(Organization, organization_id)
        if organization.deleted:
            raise NotFound
        return organization

    def make_first(self, user_id: UUID) -> None:
        """A person's own organization, once: whoever comes first, the event or a request, makes it."""
        organization_id = first_organization_id(user_id)
        if self.views.organizations.known(organization_id):
            return
        person = self.people.find(user_id)
        if person is not None and person.erased:
            return

        def work() -> None:
            if not self.views.organizations.known(organization_id):
                with acting(actor=str(user_id)):
                    self.save(Organization(id=organization_id, name=FIRST_NAME, owner=user_id))

        self.run(work)

    def create(self, name: str, owner: UUID) -> Organization:
        organization = Organization(id=uuid4(), name=name, owner=owner)
        self.run(lambda: self.save(organization))
        return organization

    def rename(self, organization_id: UUID, name: str) -> None:
        def work() -> None:
            organization = self.live(organization_id)
            organization.rename(name)
            self.save(organization)

        self.run(work)

    def delete(self, organization_id: UUID) -> None:
        def work() -> None:
            organization = self.live(organization_id)
            organization.delete(self.clock())
            self.save(organization)

        self.run(work)

    def restore(self, organization_id: UUID, by: UUID) -> None:
        """Raises NotFound once it is gone for good, and for who was no administrator of it."""

        def work() -> None:
            organization = self.find(Organization, organization_id)
            organization.restore(by, self.clock())
            self.save(organization)

        self.run(work)

    def grant_of(self, organization_id: UUID, user_id: UUID) -> Grant | None:
        """What a person holds in an organization; makes their first one when this is what they ask for."""
        grant = self.views.organizations.grant_of(organization_id, user_id)
        if grant is None and organization_id == first_organization_id(user_id):
            self.make_first(user_id)
            grant = self.views.organizations.grant_of(organization_id, user_id)
        return grant

    def change_member(self, organization_id: UUID, user_id: UUID, given: Mapping[str, Any], by: UUID) -> None:
        """Changes the given parts (role, permissions, limits) of what a member holds."""

        def work() -> None:
            organization = self.live(organization_id)
            organization.change(user_id, given, by)
            self.save(organization, *self._no_longer_granted(organization, user_id))

        self.run(work)

    def remove_member(self, organization_id: UUID, user_id: UUID, by: UUID) -> None:
        """Removes a member; oneself is to leave."""

        def work() -> None:
            organization = self.live(organization_id)
            organization.remove(user_id, by)
            self.save(organization, *self._no_longer_granted(organization, user_id))

        self.run(work)

    def needing(self, user_id: UUID) -> list[Organization]:
        """The organizations whose other members would be left without an administrator without this person."""
        mine = (self.find(Organization, one) for one in self.views.organizations.ids_of_user(user_id))
        return [organization for organization in mine if organization.needs(user_id)]

    def forget_member(self, organization_id: UUID, user_id: UUID) -> None:
        """Removes a person who was erased; an organization that is left without members is deleted."""

        def work() -> None:
            organization = self.find(Organization, organization_id)
            organization.forget(user_id)
            if not organization.members:
                organization.delete(self.clock())
            elif not organization.has_administrator:
                _log.warning("organization %s lost its last administrator, who was erased", organization.id)
            self.save(organization, *self._no_longer_granted(organization, user_id))

        self.run(work)

    def _no_longer_granted(self, organization: Organization, inviter: UUID) -> list[Invitation]:
        """An offer holds only while its inviter could still make it: the others are taken back.

        Otherwise a member who is about to be removed could invite another address of theirs.
        """
        withdrawn = []
        for invitation_id in self.views.invitations.open_by(organization.id, inviter):
            invitation = self.find(Invitation, invitation_id)
            try:
                organization.must_be_granted_by(inviter, invitation.grant)
            except GrantExceedsOwn:
                invitation.revoke()
                withdrawn.append(invitation)
        return withdrawn
