"""Rules of invitations, each judged on an aggregate that was loaded again."""

from datetime import timedelta
from typing import TypeVar
from uuid import uuid4

import pytest

from kit.eventstore.aggregate import Aggregate
from organizations.invitations.domain import (
    Invitation,
    InvitationClosed,
    InvitationDeclined,
    InvitationExpired,
    InvitationForAnotherAddress,
    InvitationRevoked,
    InvitationUsed,
)
from organizations.tests.parts import VIEWER, World

A = TypeVar("A", bound=Aggregate)


OWNER, OTHER, PLATFORM = uuid4(), uuid4(), uuid4()


@pytest.fixture
def invitation(world: World) -> Invitation:
    made = Invitation(
        id=uuid4(),
        organization_id=uuid4(),
        organization_name="Brokers",
        email="Ann@Example.com",
        grant=VIEWER.model_dump(mode="json"),
        invited_by=OWNER,
        expires_at=world.clock() + timedelta(days=7),
    )
    return again(world, made)


def again(world: World, aggregate: A) -> A:
    """The aggregate as it is after being stored and loaded."""
    world.store.save(aggregate)
    return world.store.find(type(aggregate), aggregate.id)


def test_an_invitation_is_accepted_once_by_the_address_it_is_for(world: World, invitation: Invitation) -> None:
    with pytest.raises(InvitationForAnotherAddress):
        invitation.accept(OTHER, "bob@example.com", world.clock())
    assert invitation.accept(OTHER, "ann@EXAMPLE.com", world.clock())
    invitation = again(world, invitation)
    assert not invitation.accept(OTHER, "ann@example.com", world.clock())
    with pytest.raises(InvitationUsed):
        invitation.accept(uuid4(), "ann@example.com", world.clock())


def test_an_invitation_expires_with_or_without_its_event(world: World, invitation: Invitation) -> None:
    later = world.clock() + timedelta(days=7)
    assert invitation.status_at(later) == "expired"
    with pytest.raises(InvitationExpired):
        invitation.accept(OTHER, "ann@example.com", later)
    invitation.expire(later)
    assert again(world, invitation).status == "expired"


def test_answers_close_an_invitation(world: World, invitation: Invitation) -> None:
    invitation.decline("ann@example.com", world.clock())
    invitation = again(world, invitation)
    invitation.decline("ann@example.com", world.clock())
    assert not invitation.pending_events
    with pytest.raises(InvitationDeclined):
        invitation.accept(OTHER, "ann@example.com", world.clock())
    with pytest.raises(InvitationClosed):
        invitation.revoke()
    with pytest.raises(InvitationClosed):
        invitation.resend("Brokers", OWNER, world.clock())


def test_a_revoked_invitation_stays_revoked(world: World, invitation: Invitation) -> None:
    invitation.revoke()
    invitation = again(world, invitation)
    invitation.revoke()
    assert not invitation.pending_events
    with pytest.raises(InvitationRevoked):
        invitation.accept(OTHER, "ann@example.com", world.clock())
    with pytest.raises(InvitationRevoked):
        invitation.decline("ann@example.com", world.clock())


def test_resending_an_expired_invitation_opens_it(world: World, invitation: Invitation) -> None:
    later = world.clock() + timedelta(days=8)
    invitation.expire(later)
    invitation.resend("Brokers", OTHER, later + timedelta(days=7))
    invitation = again(world, invitation)
    assert (invitation.status_at(later), invitation.generation, invitation.invited_by) == (
        "pending",
        2,
        OTHER,
    )


def test_the_address_is_unreadable_once_its_key_is_destroyed(world: World, invitation: Invitation) -> None:
    stored = world.database.all("SELECT state FROM events")
    assert all(b"Ann" not in bytes(row["state"]) for row in stored)
    world.store.subjects.destroy(str(invitation.id))
    invitation = world.store.find(Invitation, invitation.id)
    assert invitation.email is None
    with pytest.raises(InvitationForAnotherAddress):
        invitation.accept(OTHER, "ann@example.com", world.clock())
    with pytest.raises(InvitationClosed):
        invitation.resend("Brokers", OWNER, world.clock())
