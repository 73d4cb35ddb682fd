"""Expiry, purging, and the erasure of users."""

from datetime import timedelta

import pytest

from kit.errors import NotFound
from organizations.invitations.domain import Invitation, InvitationRevoked
from organizations.organizations.domain import Organization, first_organization_id
from organizations.tests.world import ADMINISTRATOR, VIEWER, World


def test_housekeeping_expires_each_invitation_once(world: World) -> None:
    organization, owner = world.organization()
    for number in range(3):
        world.invite(organization, owner, f"ann{number}@example.com")
    world.housekeeping.run()
    assert "InvitationExpired" not in world.kinds()
    world.clock.forward(timedelta(days=7))
    world.housekeeping.run()
    world.housekeeping.run()
    assert world.kinds().count("InvitationExpired") == 3


def test_after_thirty_days_a_deleted_organization_is_purged_with_its_keys(world: World) -> None:
    organization, owner = world.organization()
    kept, _ = world.organization(owner)
    invitation, _ = world.invite(organization, owner, "ann@example.com")
    world.store.subjects.obtain(str(organization))
    world.organizations.delete(organization)
    world.clock.forward(timedelta(days=30) - timedelta(seconds=1))
    world.housekeeping.run()
    assert world.store.find(Organization, organization).members
    world.clock.forward(timedelta(seconds=1))
    world.housekeeping.run()
    world.housekeeping.run()
    assert world.kinds().count("OrgPurged") == 1
    assert world.store.subjects.find(str(organization)) is None
    assert world.store.find(Invitation, invitation).email is None
    with pytest.raises(NotFound):
        world.organizations.restore(organization, owner)
    with pytest.raises(NotFound):
        world.invitations.find(invitation)
    assert world.organizations_of(owner) == [kept]
    left = world.database.one("SELECT count(*) AS rows FROM audit WHERE organization_id = %s", (organization,))
    assert left == {"rows": 0}


def test_tables_and_events_contain_no_data_of_an_erased_user(world: World) -> None:
    organization, owner = world.organization()
    ann = world.person("ann@example.com", "Ann Lee")
    world.accept(world.invite(organization, owner, "ann@example.com")[1], ann)
    elsewhere, other = world.organization()
    pending, _ = world.invite(elsewhere, other, "Ann@Example.com")
    world.erasure.erase(ann)
    world.erasure.erase(ann)
    assert world.members.find(organization, ann) is None
    assert world.invitations.find(pending).status == "revoked"
    everything = "".join(repr(world.database.all(query)) for query in ("SELECT * FROM people", "TABLE audit"))
    everything += repr(world.rows()) + repr([vars(one.event) for one in world.store.read(0, 1000)])
    assert "ann@" not in everything.lower()
    assert "Ann Lee" not in everything
    with pytest.raises(InvitationRevoked):
        world.invitations.link(pending, 1)
    world.users.learn(ann, "ann@example.com", "Ann Lee")
    assert world.users.find(ann).email is None  # type: ignore[union-attr]


def test_an_erased_user_gets_no_new_first_organization(world: World) -> None:
    ann = world.person()
    world.erasure.erase(ann)
    world.organizations.create_first(ann)
    assert world.kinds() == []


def test_erasure_deletes_organizations_without_other_members_only(world: World) -> None:
    owner = world.person()
    world.organizations.create_first(owner)
    shared, _ = world.organization(owner)
    viewer = world.member(shared, owner, VIEWER)
    world.erasure.erase(owner)
    assert world.store.find(Organization, first_organization_id(owner)).deleted
    assert world.members.find(shared, viewer) == VIEWER


def test_erasing_the_only_administrator_is_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    organization, owner = world.organization()
    world.member(organization, owner, VIEWER)
    world.erasure.erase(owner)
    assert str(organization) in caplog.text


def test_invitations_by_an_erased_user_are_revoked(world: World) -> None:
    organization, owner = world.organization()
    inviter = world.member(organization, owner, ADMINISTRATOR)
    invitation, _ = world.invite(organization, inviter, "bob@example.com")
    world.erasure.erase(inviter)
    assert world.invitations.find(invitation).status == "revoked"
