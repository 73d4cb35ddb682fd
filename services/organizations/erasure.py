"""Erasure of personal data: of a user, and of an organization that can no longer be restored."""

from uuid import UUID

from contracts.envelope import Envelope
from contracts.identity import UserErased
from contracts.subscriptions import Subscriptions
from kit.eventstore.store import Store
from kit.http.idempotency import Idempotency
from kit.messaging.inbox import forget_dead_letters
from kit.messaging.stream_eraser import StreamEraser
from organizations.audit.views import AuditTrail
from organizations.invitations.domain import Invitation
from organizations.invitations.service import Invitations
from organizations.members.service import Members
from organizations.organizations.domain import Organization
from organizations.organizations.service import Organizations
from organizations.users.service import Users

_BATCH = 100


class Erasure:
    """Any number of replicas may run it: each step reads again what it changes."""

    def __init__(
        self,
        store: Store,
        organizations: Organizations,
        members: Members,
        invitations: Invitations,
        users: Users,
        audit: AuditTrail,
        eraser: StreamEraser,
        idempotency: Idempotency,
    ) -> None:
        self._store = store
        self._organizations = organizations
        self._members = members
        self._invitations = invitations
        self._users = users
        self._audit = audit
        self._eraser = eraser
        self._idempotency = idempotency

    def erase(self, user_id: UUID) -> None:
        """Erase a user: memberships, the addresses of invitations to them, and the replica of their account.

        Joins the transaction at hand, if there is one.
        """
        self._store.run(lambda: self._erase(user_id))

    def purge_due(self) -> None:
        """Purge all deleted organizations that can no longer be restored."""
        while due := self._organizations.views.to_purge(self._organizations.clock(), _BATCH):
            for organization_id in due:
                self._purge(organization_id)

    def _erase(self, user_id: UUID) -> None:
        views = self._invitations.views
        invitations = views.about(user_id, self._users.email_hash(user_id))
        account = self._users.find(user_id)
        if account is not None and account.email is not None:
            forget_dead_letters(self._store.database, account.email)
        for organization_id in self._members.views.organizations_of(user_id):
            self._members.erase(organization_id, user_id)
        for invitation_id in invitations:
            self._invitations.revoke_if_pending(invitation_id)
            views.erase_address(invitation_id)
            self._erase_address(invitation_id)
        self._users.erase(user_id)
        self._idempotency.forget(str(user_id))

    def _purge(self, organization_id: UUID) -> None:
        """The keys of its invitations are destroyed with its own: no personal data of it can be read again."""

        def work() -> None:
            organization = self._store.find(Organization, organization_id)
            organization.purge(self._organizations.clock())
            for invitation_id in self._invitations.views.all_of(organization_id):
                self._erase_address(invitation_id)
            self._store.subjects.destroy(str(organization_id))
            self._store.save(organization)

        self._store.run(work)

    def _erase_address(self, invitation_id: UUID) -> None:
        """Destroy the key of an invitation, and have the messages with its address in clear text erased on the bus."""
        self._store.subjects.destroy(str(invitation_id))
        organization_id = self._store.find(Invitation, invitation_id).organization_id
        subject = f"evt.organizations.{organization_id}.{invitation_id}.*"
        self._eraser.mark(subject, self._audit.last_sequence(organization_id))


def subscriptions(erasure: Erasure) -> Subscriptions:
    def erased(envelope: Envelope[UserErased]) -> None:
        erasure.erase(envelope.data.user_id)

    table = Subscriptions()
    table.on(UserErased, erased)
    return table
