"""Use cases of organizations, on the real database."""

from functools import partial
from uuid import uuid4

import pytest

from kit.errors import NotFound
from organizations.organizations.domain import Organization, first_organization_id
from organizations.tests.world import ADMINISTRATOR, VIEWER, World, at_once


def test_concurrent_requests_create_the_first_organization_once(world: World) -> None:
    user_id = world.person()
    outcomes = at_once([partial(world.organizations.create_first, user_id)] * 12)
    assert outcomes == [None] * 12
    assert world.kinds() == ["OrgCreated"]
    found = world.organizations.live(first_organization_id(user_id))
    assert (found.name, found.grant_of(user_id)) == ("My organization", ADMINISTRATOR)


def test_a_user_creates_their_own_first_organization_by_asking_and_no_others(world: World) -> None:
    user_id, other = world.person(), world.person()
    assert world.members.find(first_organization_id(user_id), other) is None
    assert world.kinds() == []
    assert world.members.find(first_organization_id(user_id), user_id) == ADMINISTRATOR


def test_a_deleted_first_organization_is_not_created_again(world: World) -> None:
    user_id = world.person()
    world.organizations.create_first(user_id)
    world.organizations.delete(first_organization_id(user_id))
    world.organizations.create_first(user_id)
    assert world.members.find(first_organization_id(user_id), user_id) is None
    assert world.kinds() == ["OrgCreated", "OrgDeleted"]


def test_a_change_is_visible_in_the_next_read(world: World) -> None:
    organization, owner = world.organization(name="Old")
    world.organizations.rename(organization, "New")
    row = world.views.organizations.find(organization)
    assert row is not None
    assert row.name == "New"
    assert world.organizations_of(owner) == [organization]


def test_nobody_has_a_grant_in_a_deleted_organization(world: World) -> None:
    organization, owner = world.organization()
    world.organizations.delete(organization)
    assert world.members.find(organization, owner) is None
    assert world.organizations_of(owner) == []
    with pytest.raises(NotFound):
        world.organizations.rename(organization, "New")
    with pytest.raises(NotFound):
        world.organizations.delete(organization)
    world.organizations.restore(organization, owner)
    assert world.members.find(organization, owner) == ADMINISTRATOR


def test_an_unknown_organization_is_refused_as_a_deleted_one_is(world: World) -> None:
    with pytest.raises(NotFound):
        world.organizations.rename(uuid4(), "New")


def test_an_invitation_id_is_no_organization_id(world: World) -> None:
    organization, owner = world.organization()
    invitation, _ = world.invite(organization, owner, "ann@example.com")
    with pytest.raises(NotFound):
        world.organizations.rename(invitation, "New")


def test_administrators_list_deleted_organizations_while_they_are_restorable(world: World) -> None:
    organization, owner = world.organization()
    viewer = world.member(organization, owner, VIEWER)
    world.organizations.delete(organization)
    assert world.organizations_of(owner, world.clock()) == [organization]
    assert world.organizations_of(viewer, world.clock()) == []
    restorable_until = world.store.find(Organization, organization).restorable_until
    assert world.organizations_of(owner, restorable_until) == []


def test_snapshots_keep_all_of_an_organization(world: World) -> None:
    owner = uuid4()
    organization = Organization(id=uuid4(), name="Brokers", owner=owner)
    for number in range(120):
        organization.rename(f"Brokers {number}")
        world.store.save(organization)
        organization = world.store.find(Organization, organization.id)
    assert list(world.store.snapshots.get(organization.id))  # type: ignore[union-attr]
    assert (organization.name, organization.grant_of(owner)) == ("Brokers 119", ADMINISTRATOR)
