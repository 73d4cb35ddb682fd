"""Rules of invitations, each judged on an aggregate that was loaded again."""

from datetime import timedelta
from uuid import uuid4

import pytest

from contracts.permissions import Grant
from kit.tests.memory import NOW, Memory
from organizations.invitations.domain import (
    Invitation,
    InvitationClosed,
    InvitationDeclined,
    InvitationExpired,
    InvitationForAnotherAddress,
    InvitationRevoked,
    InvitationUsed,
)

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
