"""What can be asked of invitations."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from contracts.permissions import Grant
from kit.errors import NotFound
from organizations.application import Organizations
from organizations.domain import (
    GrantExceedsOwn,
    Invitation,
    InvitationRevoked,
    InvitationUsed,
    Met,
    Organization,
)
from organizations.links import Links
from organizations.views.invitations import Invited
from organizations.views.organizations import Member

LIFETIME = timedelta(days=7)


@dataclass(frozen=True)
class Offer:
    """What a link shows; `invited_by` is a name, or the address of who has none, null where unknown."""

    invitation: Invited
    organization_name: str
    invited_by: str | None


@dataclass(frozen=True)
class Accepted:
    """`outcome` is joined, or already-member when repeated."""

    outcome: str
    member: Member


class Invitations:
    """Use cases on the service's event store; `hash_of` is the keyed hash of an address's normal form."""

    def __init__(self, store: Organizations, links: Links, hash_of: Callable[[str], bytes]) -> None:
        self._store = store
        self._links = links
        self.hash_of = hash_of

    def invite(self, organization_id: UUID, email: str, grant: Grant, by: UUID, known: Met | None = None) -> Invitation:
        """`known` is what the invitation meets, where that was read a moment ago.

        Raises InvalidEmail, NotFound, GrantExceedsOwn, AlreadyMember or AlreadyInvited."""
        now = self._store.clock()

        def work() -> Invitation:
            met = known or self._found(organization_id, by, email)
            met.must_let_in(grant)
            self._note_expiry(met.open, now)
            invitation = Invitation(
                id=uuid4(),
                organization_id=organization_id,
                organization_name=met.organization_name,
                email=email,
                grant=grant.model_dump(mode="json"),
                invited_by=by,
                expires_at=now + LIFETIME,
            )
            self._store.save(invitation)
            return invitation

        return self._store.run(work)

    def resend(self, organization_id: UUID, invitation_id: UUID, by: UUID) -> None:
        """A new link and seven more days; whoever sends it again is the inviter from now on.

        Raises NotFound, GrantExceedsOwn, AlreadyMember, AlreadyInvited or InvitationClosed.
        """

        def work() -> None:
            invitation = self._of(organization_id, invitation_id)
            met = self._found(organization_id, by, invitation.email)
            met.must_let_in(invitation.grant)
            invitation.resend(met.organization_name, by, self._store.clock() + LIFETIME)
            self._store.save(invitation)

        self._store.run(work)

    def revoke(self, organization_id: UUID, invitation_id: UUID) -> None:
        """Raises NotFound or InvitationClosed."""

        def work() -> None:
            self._store.live(organization_id)
            invitation = self._of(organization_id, invitation_id)
            invitation.revoke()
            self._store.save(invitation)

        self._store.run(work)

    def offer(self, token: str) -> Offer:
        """What a link shows. Raises NotFound, or InvitationReplaced for a link that is dead."""
        invitation = self.find(self._links.invitation_id(token))
        self._links.must_open(token, invitation.id, invitation.generation)
        organization = self._store.views.organizations.find(invitation.organization_id)
        if organization is None:
            raise NotFound
        inviter = self._store.people.find(invitation.invited_by)
        shown = None if inviter is None else inviter.name or inviter.email
        return Offer(invitation, organization.name, shown)

    def find(self, invitation_id: UUID) -> Invited:
        """One invitation, of whatever organization; raises NotFound."""
        invitation = self._store.views.invitations.find(invitation_id, self._store.clock())
        if invitation is None:
            raise NotFound
        return invitation

    def link(self, invitation_id: UUID, generation: int) -> tuple[str, str]:
        """The token that a mail must hold and the address it goes to.

        Raises NotFound, InvitationReplaced, or the refusal that says why the invitation is not open.
        """
        invitation = self._store.find(Invitation, invitation_id)
        self._store.live(invitation.organization_id)
        invitation.must_be_open(self._store.clock())
        self._links.must_open(self._links.token(invitation_id, generation), invitation_id, invitation.generation)
        if invitation.email is None:
            raise NotFound
        return self._links.token(invitation_id, generation), invitation.email

    def accept(self, token: str, user_id: UUID, email: str) -> Accepted:
        """The person with this verified address becomes a member; repeated, they get the membership again.

        Raises NotFound, InvitationForAnotherAddress, TooManyMembers, or why the invitation is not open.
        """

        def work() -> Accepted:
            invitation, organization = self._opened(token)
            was_member = organization.grant_of(user_id) is not None
            if invitation.accept(user_id, email, self._store.clock()):
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
            invitation.decline(email, self._store.clock())
            self._store.save(invitation)

        self._store.run(work)

    def _opened(self, token: str) -> tuple[Invitation, Organization]:
        invitation = self._store.find(Invitation, self._links.invitation_id(token))
        self._links.must_open(token, invitation.id, invitation.generation)
        return invitation, self._store.live(invitation.organization_id)

    def _of(self, organization_id: UUID, invitation_id: UUID) -> Invitation:
        invitation = self._store.find(Invitation, invitation_id)
        if invitation.organization_id != organization_id:
            raise NotFound
        return invitation

    def _found(self, organization_id: UUID, by: UUID, email: str | None) -> Met:
        email_hash = None if email is None else self.hash_of(email)
        met = self._store.views.invitations.met(organization_id, by, email_hash)
        if met is None:
            raise NotFound
        return met

    def _note_expiry(self, earlier: UUID | None, now: datetime) -> None:
        """One that is over, and was not swept yet, must not keep its address from another."""
        if earlier is not None:
            invitation = self._store.find(Invitation, earlier)
            invitation.expire(now)
            self._store.save(invitation)

    def _member(self, organization_id: UUID, user_id: UUID) -> Member:
        member = self._store.views.organizations.member(organization_id, user_id)
        assert member is not None, "a grant without a row"
        return member


def _must_still_be_granted(organization: Organization, invitation: Invitation) -> None:
    """The inviter may have lost the right in the moment between; see Organizations._no_longer_granted."""
    try:
        organization.must_be_granted_by(invitation.invited_by, invitation.grant)
    except GrantExceedsOwn as error:
        raise InvitationRevoked from error
