"""Use cases of members."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from contracts.permissions import Grant
from kit.eventstore.aggregate import Aggregate
from kit.eventstore.store import Store
from organizations.members.views import Member as Member
from organizations.members.views import MemberViews
from organizations.organizations.domain import Organization, first_organization_id
from organizations.organizations.service import Organizations

_log = logging.getLogger("organizations")

RevokedOffers = Callable[[Organization, UUID], Sequence[Aggregate]]
"""Of an organization and an inviter whose grant changed: their pending invitations that they could no longer make,
revoked and not stored yet. Without it a member who is about to be removed could invite another address of theirs."""


class Members:
    """Also the source of memberships for `access.checks.Access`: it owns them, so its answers are authoritative."""

    authoritative = True

    def __init__(
        self, store: Store, views: MemberViews, organizations: Organizations, revoked_offers: RevokedOffers
    ) -> None:
        self._store = store
        self.views = views
        self._organizations = organizations
        self._revoked_offers = revoked_offers

    def find(self, organization_id: UUID, user_id: UUID) -> Grant | None:
        """The grant of a member. A user who asks for their first organization has it created."""
        grant = self.views.grant_of(organization_id, user_id)
        if grant is None and organization_id == first_organization_id(user_id):
            self._organizations.create_first(user_id)
            grant = self.views.grant_of(organization_id, user_id)
        return grant

    def change(self, organization_id: UUID, user_id: UUID, given: Mapping[str, Any], by: UUID) -> None:
        """Change the given parts (role, permissions, limits) of a member's grant.

        Raises NotFound, GrantExceedsOwn or LastAdministrator.
        """

        def work() -> None:
            organization = self._organizations.live(organization_id)
            organization.change(user_id, given, by)
            self._save(organization, user_id)

        self._store.run(work)

    def remove(self, organization_id: UUID, user_id: UUID, by: UUID) -> None:
        """Remove a member; members who remove themselves leave.

        Raises NotFound, GrantExceedsOwn or LastAdministrator.
        """

        def work() -> None:
            organization = self._organizations.live(organization_id)
            organization.remove(user_id, by)
            self._save(organization, user_id)

        self._store.run(work)

    def solely_administered_by(self, user_id: UUID) -> list[Organization]:
        """The organizations whose other members would have no administrator without this user."""
        own = (self._store.find(Organization, one) for one in self.views.organizations_of(user_id))
        return [organization for organization in own if organization.depends_on(user_id)]

    def erase(self, organization_id: UUID, user_id: UUID) -> None:
        """Remove a user who was erased; an organization without members is deleted."""

        def work() -> None:
            organization = self._store.find(Organization, organization_id)
            organization.erase_member(user_id)
            if not organization.members:
                organization.delete(self._organizations.clock())
            elif not organization.has_administrator:
                _log.warning("organization %s lost its last administrator, who was erased", organization.id)
            self._save(organization, user_id)

        self._store.run(work)

    def _save(self, organization: Organization, changed: UUID) -> None:
        self._store.save(organization, *self._revoked_offers(organization, changed))
