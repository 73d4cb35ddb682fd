"""Use cases of invitations and their links, on the real database."""

from collections import Counter
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest

from contracts.email import InvalidEmail
from contracts.permissions import Grant, Limits
from kit.errors import NotFound, Refusal
from organizations.invitations.domain import (
    AlreadyInvited,
    Invitation,
    InvitationClosed,
    InvitationExpired,
    InvitationForAnotherAddress,
    InvitationReplaced,
    InvitationRevoked,
    InvitationUsed,
)
from organizations.invitations.service import Accepted
from organizations.organizations.domain import AlreadyMember, GrantExceedsOwn
from organizations.tests.world import ADMINISTRATOR, VIEWER, World, at_once


def test_fifty_concurrent_accepts_give_one_membership(world: World) -> None:
    organization, owner = world.organization()
    user_id = world.person("ann@example.com")
    _, token = world.invite(organization, owner, "ann@example.com")
    outcomes = at_once([partial(world.accept, token, user_id)] * 50)
    accepted = [outcome for outcome in outcomes if isinstance(outcome, Accepted)]
    # Those that found no free connection within a second say so, and did nothing.
    assert len(accepted) + sum(not isinstance(o, Refusal | Accepted) for o in outcomes) == 50
    assert Counter(one.outcome for one in accepted)["joined"] == 1
    assert {one.member.user_id for one in accepted} == {user_id}
    assert Counter(world.kinds())["MemberJoined"] == 1


def test_concurrent_invitations_of_one_address_create_one(world: World) -> None:
    organization, owner = world.organization()
    writings = ["Ann@Example.com", "ann@example.com", "ann@EXAMPLE.com", " ann@example.com"]
    outcomes = at_once([partial(world.invite, organization, owner, one) for one in writings])
    assert sum(isinstance(outcome, AlreadyInvited) for outcome in outcomes) == 3
    assert Counter(world.kinds())["MemberInvited"] == 1


def test_the_same_address_may_be_invited_to_two_organizations(world: World) -> None:
    for organization, owner in (world.organization(), world.organization()):
        world.invite(organization, owner, "ann@example.com")


def test_a_member_is_not_invited_again(world: World) -> None:
    organization, owner = world.organization()
    world.accept(world.invite(organization, owner, "ann@example.com")[1], world.person("Ann@example.com"))
    with pytest.raises(AlreadyMember):
        world.invite(organization, owner, "ann@Example.com")


@pytest.mark.parametrize(
    "address",
    ["", "ann", "a@b", "ann@example.com\r\nBcc: all@example.com", "a" * 300 + "@example.com", "a b@example.com"],
)
def test_an_invalid_address_is_not_invited(world: World, address: str) -> None:
    organization, owner = world.organization()
    context = world.invitations.context(organization, owner, None)
    with pytest.raises(InvalidEmail):
        world.invitations.invite(organization, address, VIEWER, owner, context)
    assert world.kinds() == ["OrgCreated"]


def test_an_invitation_cannot_exceed_the_inviters_grant(world: World) -> None:
    organization, owner = world.organization()
    limits = Limits(platforms=(uuid4(),))
    clerk = world.member(organization, owner, Grant(role="viewer", permissions=("members:write",), limits=limits))
    for grant in (ADMINISTRATOR, VIEWER, Grant(role="manager", limits=limits)):
        with pytest.raises(GrantExceedsOwn):
            world.invite(organization, clerk, "ann@example.com", grant)
    world.invite(organization, clerk, "ann@example.com", Grant(role="viewer", limits=limits))


def test_the_link_is_for_one_address_only(world: World) -> None:
    organization, owner = world.organization()
    _, token = world.invite(organization, owner, "ann@example.com")
    bob = world.person("bob@example.com")
    with pytest.raises(InvitationForAnotherAddress):
        world.accept(token, bob)
    with pytest.raises(InvitationForAnotherAddress):
        world.invitations.decline(token, "bob@example.com")
    assert world.members.find(organization, bob) is None


def test_a_forged_link_is_not_found(world: World) -> None:
    organization, owner = world.organization()
    _, token = world.invite(organization, owner, "ann@example.com")
    other, _ = world.invite(organization, owner, "bob@example.com")
    identifier, mac = token.split(".")
    own = world.invitations._links.token(other, 1).split(".")[0]
    forged = [f"{own}.{mac}", f"{identifier}.", identifier, "", ".", "é.é", token[:-1], token + "A", "a" * 5000]
    for one in forged:
        with pytest.raises(NotFound):
            world.invitations.offer(one)
        with pytest.raises(NotFound):
            world.invitations.accept(one, uuid4(), "ann@example.com")


def test_resending_invalidates_the_old_link(world: World) -> None:
    organization, owner = world.organization()
    invitation, first = world.invite(organization, owner, "ann@example.com")
    world.clock.forward(timedelta(days=3))
    world.invitations.resend(organization, invitation, owner)
    second, email = world.invitations.link(invitation, 2)
    assert (second != first, email) == (True, "ann@example.com")
    for use in (world.invitations.offer, partial(world.accept, user_id=world.person("ann@example.com"))):
        with pytest.raises(InvitationReplaced):
            use(first)
    with pytest.raises(InvitationReplaced):
        world.invitations.link(invitation, 1)
    world.clock.forward(timedelta(days=5))
    assert world.invitations.offer(second).invitation.status == "pending"
    with pytest.raises(NotFound):
        world.invitations.link(invitation, 3)


def test_a_link_is_the_same_each_time(world: World) -> None:
    organization, owner = world.organization()
    invitation, token = world.invite(organization, owner, "Ann@example.com")
    assert world.invitations.link(invitation, 1) == (token, "Ann@example.com")
    world.invitations.revoke(organization, invitation)
    with pytest.raises(InvitationRevoked):
        world.invitations.link(invitation, 1)
    with pytest.raises(NotFound):
        world.invitations.link(uuid4(), 1)


def test_an_invitation_expires_after_seven_days_before_housekeeping(world: World) -> None:
    organization, owner = world.organization()
    invitation, token = world.invite(organization, owner, "ann@example.com")
    world.clock.forward(timedelta(days=7))
    assert world.invitations.offer(token).invitation.status == "expired"
    shown = world.views.invitations.of_organization(organization, None, 50, world.clock())
    assert [row.status for row in shown] == ["expired"]
    with pytest.raises(InvitationExpired):
        world.accept(token, world.person("ann@example.com"))
    with pytest.raises(InvitationExpired):
        world.invitations.link(invitation, 1)


def test_an_expired_invitation_does_not_block_another_to_its_address(world: World) -> None:
    organization, owner = world.organization()
    first, _ = world.invite(organization, owner, "ann@example.com")
    world.clock.forward(timedelta(days=7))
    world.invite(organization, owner, "ann@example.com")
    assert world.kinds() == ["OrgCreated", "MemberInvited", "InvitationExpired", "MemberInvited"]
    with pytest.raises(AlreadyInvited):
        world.invitations.resend(organization, first, owner)


def test_a_member_who_left_does_not_rejoin_by_the_old_link(world: World) -> None:
    organization, owner = world.organization()
    user_id = world.person("ann@example.com")
    _, token = world.invite(organization, owner, "ann@example.com")
    assert [world.accept(token, user_id).outcome for _ in range(2)] == ["joined", "already-member"]
    world.members.remove(organization, user_id, owner)
    with pytest.raises(InvitationUsed):
        world.accept(token, user_id)


def test_removing_the_inviter_revokes_their_invitations(world: World) -> None:
    organization, owner = world.organization()
    leaving = world.member(organization, owner, ADMINISTRATOR)
    _, second_self = world.invite(organization, leaving, "second.self@example.com", ADMINISTRATOR)
    kept, _ = world.invite(organization, owner, "kept@example.com")
    world.members.remove(organization, leaving, owner)
    assert world.invitations.offer(second_self).invitation.status == "revoked"
    assert world.invitations.find(kept).status == "pending"
    with pytest.raises(InvitationRevoked):
        world.accept(second_self, world.person("second.self@example.com"))


def test_demoting_the_inviter_revokes_only_invitations_beyond_their_grant(world: World) -> None:
    organization, owner = world.organization()
    clerk = world.member(organization, owner, ADMINISTRATOR)
    high, _ = world.invite(organization, clerk, "high@example.com", ADMINISTRATOR)
    low, _ = world.invite(organization, clerk, "low@example.com", VIEWER)
    change = {"role": "viewer", "permissions": ("members:write",)}
    world.members.change(organization, clerk, change, owner)
    assert (world.invitations.find(high).status, world.invitations.find(low).status) == ("revoked", "pending")


def test_the_user_who_resends_an_invitation_becomes_its_inviter(world: World) -> None:
    organization, owner = world.organization()
    leaving = world.member(organization, owner, ADMINISTRATOR)
    invitation, _ = world.invite(organization, leaving, "ann@example.com")
    world.invitations.resend(organization, invitation, owner)
    world.members.remove(organization, leaving, owner)
    assert world.invitations.find(invitation).status == "pending"


def test_invitations_are_not_found_while_their_organization_is_deleted(world: World) -> None:
    organization, owner = world.organization()
    invitation, token = world.invite(organization, owner, "ann@example.com")
    ann = world.person("ann@example.com")
    world.organizations.delete(organization)
    with pytest.raises(NotFound):
        world.invitations.offer(token)
    with pytest.raises(NotFound):
        world.accept(token, ann)
    with pytest.raises(NotFound):
        world.invitations.link(invitation, 1)
    world.organizations.restore(organization, owner)
    assert world.accept(token, ann).outcome == "joined"


def test_an_invitation_is_reached_through_its_own_organization_only(world: World) -> None:
    organization, owner = world.organization()
    other, stranger = world.organization()
    invitation, _ = world.invite(organization, owner, "ann@example.com")
    with pytest.raises(NotFound):
        world.invitations.revoke(other, invitation)
    with pytest.raises(NotFound):
        world.invitations.resend(other, invitation, stranger)
    assert world.invitations.find(invitation).status == "pending"


def test_an_answered_invitation_is_closed(world: World) -> None:
    organization, owner = world.organization()
    invitation, token = world.invite(organization, owner, "ann@example.com")
    world.accept(token, world.person("ann@example.com"))
    with pytest.raises(InvitationClosed):
        world.invitations.revoke(organization, invitation)
    with pytest.raises(AlreadyMember):
        world.invitations.resend(organization, invitation, owner)
    assert world.store.find(Invitation, invitation).status == "accepted"


def test_the_address_is_unreadable_once_its_key_is_destroyed(world: World) -> None:
    invitation = Invitation(
        id=uuid4(),
        organization_id=uuid4(),
        organization_name="Brokers",
        email="Ann@Example.com",
        grant=VIEWER.model_dump(mode="json"),
        invited_by=uuid4(),
        expires_at=world.clock() + timedelta(days=7),
    )
    world.store.save(invitation)
    stored = world.database.all("SELECT state FROM events")
    assert all(b"Ann" not in bytes(row["state"]) for row in stored)
    world.store.subjects.destroy(str(invitation.id))
    invitation = world.store.find(Invitation, invitation.id)
    assert invitation.email is None
    with pytest.raises(InvitationForAnotherAddress):
        invitation.accept(uuid4(), "ann@example.com", world.clock())
    with pytest.raises(InvitationClosed):
        invitation.resend("Brokers", uuid4(), world.clock())
