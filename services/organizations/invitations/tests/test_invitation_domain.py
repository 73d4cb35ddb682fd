"""Rules of invitations, each judged on an aggregate that was loaded again."""

from datetime import timedelta
from uuid import uuid4

import pytest

from contracts.permissions import Grant
from kit.tests.memory import NOW, Memory
from organizations.invitations.domain import (
    Invitation,
    InvitationClosed,
    InvitationContext,
    InvitationDeclined,
    InvitationExpired,
    InvitationForAnotherAddress,
    InvitationRevoked,
    InvitationUsed,
)
from organizations.organizations.domain import ADMINISTRATOR, AlreadyMember, GrantExceedsOwn

OWNER, OTHER = uuid4(), uuid4()
VIEWER = Grant(role="viewer")


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def invitation(memory: Memory) -> Invitation:
    made = Invitation(
        id=uuid4(),
        organization_id=uuid4(),
        organization_name="Brokers",
        email="Ann@Example.com",
        grant=VIEWER.model_dump(mode="json"),
        invited_by=OWNER,
        expires_at=NOW + timedelta(days=7),
    )
    return memory.again(made)


def test_an_invitation_is_accepted_once_by_the_address_it_is_for(memory: Memory, invitation: Invitation) -> None:
    with pytest.raises(InvitationForAnotherAddress):
        invitation.accept(OTHER, "bob@example.com", NOW)
    assert invitation.accept(OTHER, "ann@EXAMPLE.com", NOW)
    invitation = memory.again(invitation)
    assert not invitation.accept(OTHER, "ann@example.com", NOW)
    with pytest.raises(InvitationUsed):
        invitation.accept(uuid4(), "ann@example.com", NOW)


def test_an_invitation_expires_with_or_without_its_event(memory: Memory, invitation: Invitation) -> None:
    later = NOW + timedelta(days=7)
    assert invitation.status_at(later) == "expired"
    with pytest.raises(InvitationExpired):
        invitation.accept(OTHER, "ann@example.com", later)
    invitation.expire(later)
    assert memory.again(invitation).status == "expired"


def test_answers_close_an_invitation(memory: Memory, invitation: Invitation) -> None:
    invitation.decline("ann@example.com", NOW)
    invitation = memory.again(invitation)
    invitation.decline("ann@example.com", NOW)
    assert not invitation.pending_events
    with pytest.raises(InvitationDeclined):
        invitation.accept(OTHER, "ann@example.com", NOW)
    with pytest.raises(InvitationClosed):
        invitation.revoke()
    with pytest.raises(InvitationClosed):
        invitation.resend("Brokers", OWNER, NOW)


def test_a_revoked_invitation_stays_revoked(memory: Memory, invitation: Invitation) -> None:
    invitation.revoke()
    invitation = memory.again(invitation)
    assert invitation.status == "revoked"
    invitation.revoke()
    assert not invitation.pending_events
    with pytest.raises(InvitationRevoked):
        invitation.accept(OTHER, "ann@example.com", NOW)
    with pytest.raises(InvitationRevoked):
        invitation.decline("ann@example.com", NOW)


def test_resending_an_expired_invitation_opens_it(memory: Memory, invitation: Invitation) -> None:
    later = NOW + timedelta(days=8)
    invitation.expire(later)
    invitation.resend("Brokers", OTHER, later + timedelta(days=7))
    invitation = memory.again(invitation)
    assert (invitation.status_at(later), invitation.generation, invitation.invited_by) == (
        "pending",
        2,
        OTHER,
    )


def test_an_invitation_starts_as_it_was_sent(invitation: Invitation) -> None:
    assert (invitation.status, invitation.generation, invitation.accepted_by) == ("pending", 1, None)
    assert (invitation.organization_name, invitation.invited_by) == ("Brokers", OWNER)
    assert (invitation.grant, invitation.expires_at) == (VIEWER, NOW + timedelta(days=7))


def test_an_invitation_is_open_until_the_second_it_expires(invitation: Invitation) -> None:
    before = NOW + timedelta(days=7) - timedelta(seconds=1)
    assert invitation.status_at(before) == "pending"
    invitation.must_be_open(before)
    invitation.expire(before)
    assert (invitation.status, invitation.pending_events) == ("pending", [])


def test_an_answered_invitation_does_not_expire(memory: Memory, invitation: Invitation) -> None:
    invitation.decline("ann@example.com", NOW)
    invitation = memory.again(invitation)
    later = NOW + timedelta(days=8)
    invitation.expire(later)
    assert (invitation.status_at(later), invitation.pending_events) == ("declined", [])


def test_an_accepted_invitation_is_not_revoked_or_resent(memory: Memory, invitation: Invitation) -> None:
    assert invitation.accept(OTHER, "ann@example.com", NOW)
    invitation = memory.again(invitation)
    assert (invitation.status, invitation.accepted_by) == ("accepted", OTHER)
    with pytest.raises(InvitationClosed):
        invitation.revoke()
    with pytest.raises(InvitationClosed):
        invitation.resend("Brokers", OWNER, NOW)


def test_only_the_invited_address_declines(invitation: Invitation) -> None:
    with pytest.raises(InvitationForAnotherAddress):
        invitation.decline("bob@example.com", NOW)
    with pytest.raises(InvitationExpired):
        invitation.decline("ann@example.com", NOW + timedelta(days=7))
    assert invitation.status == "pending"


def test_a_resent_invitation_has_the_new_name_inviter_and_time(memory: Memory, invitation: Invitation) -> None:
    later = NOW + timedelta(days=9)
    invitation.resend("Traders", OTHER, later)
    [resent] = invitation.pending_events
    assert isinstance(resent, Invitation.InvitationResent)
    assert (resent.email, resent.generation, resent.organization_id) == (
        "Ann@Example.com",
        2,
        invitation.organization_id,
    )
    invitation = memory.again(invitation)
    assert (invitation.organization_name, invitation.invited_by, invitation.expires_at) == ("Traders", OTHER, later)
    invitation.resend("Traders", OTHER, later)
    assert memory.again(invitation).generation == 3


def test_an_invitation_without_address_cannot_be_accepted(memory: Memory) -> None:
    invitation = Invitation(uuid4(), uuid4(), "Brokers", None, VIEWER.model_dump(mode="json"), OWNER, NOW)
    with pytest.raises(InvitationForAnotherAddress):
        invitation.must_be_for("ann@example.com")
    with pytest.raises(InvitationClosed):
        invitation.resend("Brokers", OWNER, NOW)


@pytest.mark.parametrize(
    ("held", "is_member", "refusal"),
    [(None, False, GrantExceedsOwn), (VIEWER, False, GrantExceedsOwn), (ADMINISTRATOR, True, AlreadyMember)],
)
def test_inviters_grant_at_most_their_own_permissions(
    held: Grant | None, is_member: bool, refusal: type[Exception]
) -> None:
    InvitationContext("Brokers", ADMINISTRATOR, False, None).must_allow(VIEWER)
    with pytest.raises(refusal):
        InvitationContext("Brokers", held, is_member, None).must_allow(VIEWER)
