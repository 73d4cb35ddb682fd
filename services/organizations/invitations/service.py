"""Use cases of invitations."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from contracts.email import normal
from contracts.permissions import Grant
from kit.errors import NotFound
from kit.eventstore.store import Store
from organizations.invitations.domain import (
    Invitation,
    InvitationContext,
    InvitationRevoked,
    InvitationUsed,
)
from organizations.invitations.links import Links
from organizations.invitations.views import InvitationViews, Invited
from organizations.members.service import Member, Members, RevokedOffers
from organizations.organizations.domain import GrantExceedsOwn, Organization
from organizations.organizations.service import Organizations
from organizations.users.service import Users

LIFETIME = timedelta(days=7)
_BATCH = 100


@dataclass(frozen=True)
class Offer:
    """What a link shows; `invited_by` is the inviter's name, or the address of one without a name, or null."""

    invitation: Invited
    organization_name: str
    invited_by: str | None


@dataclass(frozen=True)
class Accepted:
    """`outcome` is joined, or already-member when repeated."""

    outcome: str
    member: Member


class Invitations:
    """`hash_of` gives the keyed hash of an address in its normal form; `clock` the time in UTC."""

    def __init__(
        self,
        store: Store,
        views: InvitationViews,
        organizations: Organizations,
        members: Members,
        users: Users,
        links: Links,
        hash_of: Callable[[str], bytes],
    ) -> None:
        self._store = store
        self.views = views
        self._organizations = organizations
        self._members = members
        self._users = users
        self._links = links
        self.hash_of = hash_of
        self.clock = organizations.clock

    def invite(
        self, organization_id: UUID, email: str, grant: Grant, by: UUID, context: InvitationContext
    ) -> Invitation:
        """Invite an address in a context that was read a moment ago.

        Raises InvalidEmail, GrantExceedsOwn, AlreadyMember or AlreadyInvited.
        """
        now = self.clock()

        def work() -> Invitation:
            normal(email)
            context.must_allow(grant)
            self._note_expiry(context.pending, now)
            invitation = Invitation(
                id=uuid4(),
                organization_id=organization_id,
                organization_name=context.organization_name,
                email=email,
                grant=grant.model_dump(mode="json"),
                invited_by=by,
                expires_at=now + LIFETIME,
            )
            self._store.save(invitation)
            return invitation

        return self._store.run(work)

    def resend(self, organization_id: UUID, invitation_id: UUID, by: UUID) -> None:
        """Replace the link and allow seven more days; the user who resends it is the inviter from now on.

        Raises NotFound, GrantExceedsOwn, AlreadyMember, AlreadyInvited or InvitationClosed.
        """

        def work() -> None:
            invitation = self._of(organization_id, invitation_id)
            context = self.context(organization_id, by, invitation.email)
            context.must_allow(invitation.grant)
            invitation.resend(context.organization_name, by, self.clock() + LIFETIME)
            self._store.save(invitation)

        self._store.run(work)

    def revoke(self, organization_id: UUID, invitation_id: UUID) -> None:
        """Raises NotFound or InvitationClosed."""

        def work() -> None:
            self._organizations.live(organization_id)
            invitation = self._of(organization_id, invitation_id)
            invitation.revoke()
            self._store.save(invitation)

        self._store.run(work)

    def revoke_if_pending(self, invitation_id: UUID) -> None:
        """Revoke an invitation whose user is being erased; one that was answered stays as it is."""
        invitation = self._store.find(Invitation, invitation_id)
        if invitation.status == "pending":
            invitation.revoke()
            self._store.save(invitation)

    def expire_due(self) -> None:
        """Expire all pending invitations whose time is over."""
        while due := self.views.due(self.clock(), _BATCH):
            for invitation_id in due:
                self._expire(invitation_id)

    def offer(self, token: str) -> Offer:
        """What a link shows. Raises NotFound, or InvitationReplaced for a link that was replaced."""
        invitation = self.find(self._links.invitation_id(token))
        self._links.must_open(token, invitation.id, invitation.generation)
        organization = self._organizations.views.find(invitation.organization_id)
        if organization is None:
            raise NotFound
        inviter = self._users.find(invitation.invited_by)
        shown = None if inviter is None else inviter.name or inviter.email
        return Offer(invitation, organization.name, shown)

    def find(self, invitation_id: UUID) -> Invited:
        """One invitation, of whatever organization; raises NotFound."""
        invitation = self.views.find(invitation_id, self.clock())
        if invitation is None:
            raise NotFound
        return invitation

    def link(self, invitation_id: UUID, generation: int) -> tuple[str, str]:
        """The token for the link in a mail, and the address of the mail.

        Raises NotFound, InvitationReplaced, or the refusal that says why the invitation is not open.
        """
        invitation = self._store.find(Invitation, invitation_id)
        self._organizations.live(invitation.organization_id)
        invitation.must_be_open(self.clock())
        self._links.must_open(self._links.token(invitation_id, generation), invitation_id, invitation.generation)
        if invitation.email is None:
            raise NotFound
        return self._links.token(invitation_id, generation), invitation.email

    def accept(self, token: str, user_id: UUID, email: str) -> Accepted:
        """Make the user with this verified address a member; repeated, return the membership again.

        Raises NotFound, InvitationForAnotherAddress, TooManyMembers, or why the invitation is not open.
        """

        def work() -> Accepted:
            invitation, organization = self._opened(token)
            was_member = organization.grant_of(user_id) is not None
            if invitation.accept(user_id, email, self.clock()):
                _must_still_be_granted(organization, invitation)
                organization.join(user_id, invitation.grant, invitation.id, invitation.invited_by)
                self._store.save(organization, invitation)
            elif not was_member:
                raise InvitationUsed
            return Accepted("already-member" if was_member else "joined", self._member(organization.id, user_id))

        return self._store.run(work)

    def decline(self, token: str, email: str) -> None:
        """Raises NotFound, InvitationForAnotherAddress, or why the invitation is not open."""

        def work() -> None:
            invitation, _ = self._opened(token)
            invitation.decline(email, self.clock())
            self._store.save(invitation)

        self._store.run(work)

    def _opened(self, token: str) -> tuple[Invitation, Organization]:
        invitation = self._store.find(Invitation, self._links.invitation_id(token))
        self._links.must_open(token, invitation.id, invitation.generation)
        return invitation, self._organizations.live(invitation.organization_id)

    def _of(self, organization_id: UUID, invitation_id: UUID) -> Invitation:
        invitation = self._store.find(Invitation, invitation_id)
        if invitation.organization_id != organization_id:
            raise NotFound
        return invitation

    def context(self, organization_id: UUID, by: UUID, email: str | None) -> InvitationContext:
        """What decides about an invitation. Raises InvalidEmail or NotFound."""
        email_hash = None if email is None else self.hash_of(email)
        context = self.views.context(organization_id, by, email_hash)
        if context is None:
            raise NotFound
        return context

    def _note_expiry(self, earlier: UUID | None, now: datetime) -> None:
        """Store the expiry of an earlier invitation: until then it keeps its address from another one."""
        if earlier is not None:
            invitation = self._store.find(Invitation, earlier)
            invitation.expire(now)
            self._store.save(invitation)

    def _expire(self, invitation_id: UUID) -> None:
        def work() -> None:
            self._note_expiry(invitation_id, self.clock())

        self._store.run(work)

    def _member(self, organization_id: UUID, user_id: UUID) -> Member:
        member = self._members.views.find(organization_id, user_id)
        assert member is not None, "a grant without a row"
        return member


def revoked_offers(store: Store, views: InvitationViews) -> RevokedOffers:
    """An invitation is valid only while its inviter could still make it: a member whose grant changes loses others."""

    def revoked(organization: Organization, inviter: UUID) -> list[Invitation]:
        exceeding = []
        for invitation_id in views.open_by(organization.id, inviter):
            invitation = store.find(Invitation, invitation_id)
            try:
                organization.must_be_granted_by(inviter, invitation.grant)
            except GrantExceedsOwn:
                invitation.revoke()
                exceeding.append(invitation)
        return exceeding

    return revoked


def _must_still_be_granted(organization: Organization, invitation: Invitation) -> None:
    """A command that lowers the inviter's grant may commit between invitation and answer; see `revoked_offers`."""
    try:
        organization.must_be_granted_by(invitation.invited_by, invitation.grant)
    except GrantExceedsOwn as error:
        raise InvitationRevoked from error
