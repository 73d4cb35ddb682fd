"""Rules of organizations and their members, each judged on an aggregate that was loaded again."""

from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest

from contracts.permissions import Grant, Limits
from kit.errors import NotFound
from kit.eventstore.aggregate import Aggregate
from organizations.organizations.domain import (
    MOST_MEMBERS,
    GrantExceedsOwn,
    LastAdministrator,
    Organization,
    TooManyMembers,
)
from organizations.tests.parts import ADMINISTRATOR, VIEWER, World

A = TypeVar("A", bound=Aggregate)


OWNER, OTHER, PLATFORM = uuid4(), uuid4(), uuid4()


@pytest.fixture
def organization(world: World) -> Organization:
    made = Organization(id=uuid4(), name="Brokers", owner=OWNER)
    return again(world, made)


def again(world: World, aggregate: A) -> A:
    """The aggregate as it is after being stored and loaded."""
    world.store.save(aggregate)
    return world.store.find(type(aggregate), aggregate.id)


def join(organization: Organization, user: UUID, grant: Grant) -> None:
    organization.join(user, grant, uuid4(), OWNER)


def test_the_owner_is_administrator_from_the_first_event_on(organization: Organization) -> None:
    assert organization.grant_of(OWNER) == ADMINISTRATOR
    assert organization.grant_of(OTHER) is None


def test_nothing_is_recorded_where_nothing_changes(world: World, organization: Organization) -> None:
    join(organization, OTHER, VIEWER)
    organization = again(world, organization)
    organization.rename("Brokers")
    organization.change(OTHER, {"role": "viewer", "limits": Limits()}, OWNER)
    join(organization, OTHER, ADMINISTRATOR)
    organization.restore(OWNER, world.clock())
    assert not organization.pending_events
    assert organization.grant_of(OTHER) == VIEWER


def test_removing_or_demoting_the_last_administrator_is_refused(organization: Organization) -> None:
    with pytest.raises(LastAdministrator):
        organization.remove(OWNER, OWNER)
    with pytest.raises(LastAdministrator):
        organization.change(OWNER, {"role": "manager"}, OWNER)


def test_an_administrator_with_limits_does_not_count_as_the_last_one(organization: Organization) -> None:
    join(organization, OTHER, Grant(role="administrator", limits=Limits(platforms=(PLATFORM,))))
    with pytest.raises(LastAdministrator):
        organization.remove(OWNER, OWNER)
    with pytest.raises(LastAdministrator):
        organization.change(OWNER, {"limits": Limits(platforms=())}, OWNER)


def test_an_administrator_leaves_while_another_stays(world: World, organization: Organization) -> None:
    join(organization, OTHER, ADMINISTRATOR)
    organization = again(world, organization)
    organization.remove(OWNER, OWNER)
    assert again(world, organization).members.keys() == {str(OTHER)}


def test_only_what_is_given_changes(world: World, organization: Organization) -> None:
    join(organization, OTHER, Grant(role="viewer", permissions=("audit:read",)))
    organization = again(world, organization)
    organization.change(OTHER, {"role": None}, OWNER)
    organization.change(OTHER, {"limits": Limits(platforms=(PLATFORM,))}, OWNER)
    assert again(world, organization).grant_of(OTHER) == Grant(
        role=None, permissions=("audit:read",), limits=Limits(platforms=(PLATFORM,))
    )


@pytest.mark.parametrize(
    "given",
    [{"role": "administrator"}, {"permissions": ("organization:write",)}, {"limits": Limits()}],
    ids=["role", "permission", "limits"],
)
def test_nobody_grants_what_they_lack(organization: Organization, given: dict[str, Any]) -> None:
    limits = Limits(platforms=(PLATFORM,))
    clerk = uuid4()
    join(organization, clerk, Grant(role="manager", permissions=("members:write",), limits=limits))
    join(organization, OTHER, Grant(role="viewer", limits=limits))
    with pytest.raises(GrantExceedsOwn):
        organization.change(OTHER, given, clerk)
    with pytest.raises(GrantExceedsOwn):
        organization.change(clerk, given, clerk)


def test_nobody_changes_or_removes_a_member_with_more_permissions(
    organization: Organization,
) -> None:
    join(organization, OTHER, Grant(role="viewer", permissions=("members:write",)))
    with pytest.raises(GrantExceedsOwn):
        organization.remove(OWNER, OTHER)
    with pytest.raises(GrantExceedsOwn):
        organization.change(OWNER, {"role": "viewer"}, OTHER)


def test_a_member_without_members_write_may_leave(organization: Organization) -> None:
    join(organization, OTHER, VIEWER)
    with pytest.raises(GrantExceedsOwn):
        organization.remove(OWNER, OTHER)
    organization.remove(OTHER, OTHER)
    assert organization.grant_of(OTHER) is None


def test_an_organization_has_a_maximum_number_of_members(world: World, organization: Organization) -> None:
    for _ in range(MOST_MEMBERS - 1):
        join(organization, uuid4(), VIEWER)
    organization = again(world, organization)
    with pytest.raises(TooManyMembers):
        join(organization, OTHER, VIEWER)


def test_administrators_restore_a_deleted_organization_within_thirty_days(
    world: World, organization: Organization
) -> None:
    join(organization, OTHER, VIEWER)
    organization.delete(world.clock())
    organization = again(world, organization)
    with pytest.raises(NotFound):
        organization.restore(OTHER, world.clock())
    organization.restore(OWNER, world.clock() + timedelta(days=30) - timedelta(seconds=1))
    assert not again(world, organization).deleted


def test_after_thirty_days_it_cannot_be_restored(world: World, organization: Organization) -> None:
    organization.delete(world.clock())
    organization.purge(world.clock())
    assert not organization.purged
    later = world.clock() + timedelta(days=30)
    with pytest.raises(NotFound):
        organization.restore(OWNER, later)
    organization.purge(later)
    assert again(world, organization).members == {}


def test_snapshots_keep_all_of_an_organization(world: World, organization: Organization) -> None:
    for number in range(120):
        organization.rename(f"Brokers {number}")
        organization = again(world, organization)
    assert list(world.store.snapshots.get(organization.id))  # type: ignore[union-attr]
    assert (organization.name, organization.grant_of(OWNER)) == ("Brokers 119", ADMINISTRATOR)
