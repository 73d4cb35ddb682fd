"""Rules of organizations and their members, each judged on an aggregate that was loaded again."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.permissions import Grant, Limits
from kit.errors import NotFound
from kit.tests.memory import NOW, Memory
from organizations.organizations.domain import (
    ADMINISTRATOR,
    MOST_MEMBERS,
    GrantExceedsOwn,
    LastAdministrator,
    Organization,
    TooManyMembers,
)

OWNER, OTHER, PLATFORM = uuid4(), uuid4(), uuid4()
VIEWER = Grant(role="viewer")


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def organization(memory: Memory) -> Organization:
    made = Organization(id=uuid4(), name="Brokers", owner=OWNER)
    return memory.again(made)


def join(organization: Organization, user: UUID, grant: Grant) -> None:
    organization.join(user, grant, uuid4(), OWNER)


def test_the_owner_is_administrator_from_the_first_event_on(organization: Organization) -> None:
    assert organization.grant_of(OWNER) == ADMINISTRATOR
    assert organization.grant_of(OTHER) is None


def test_nothing_is_recorded_where_nothing_changes(memory: Memory, organization: Organization) -> None:
    join(organization, OTHER, VIEWER)
    organization = memory.again(organization)
    organization.rename("Brokers")
    organization.change(OTHER, {"role": "viewer", "limits": Limits()}, OWNER)
    join(organization, OTHER, ADMINISTRATOR)
    organization.restore(OWNER, NOW)
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


def test_an_administrator_leaves_while_another_stays(memory: Memory, organization: Organization) -> None:
    join(organization, OTHER, ADMINISTRATOR)
    organization = memory.again(organization)
    organization.remove(OWNER, OWNER)
    assert memory.again(organization).members.keys() == {str(OTHER)}


def test_only_what_is_given_changes(memory: Memory, organization: Organization) -> None:
    join(organization, OTHER, Grant(role="viewer", permissions=("audit:read",)))
    organization = memory.again(organization)
    organization.change(OTHER, {"role": None}, OWNER)
    organization.change(OTHER, {"limits": Limits(platforms=(PLATFORM,))}, OWNER)
    assert memory.again(organization).grant_of(OTHER) == Grant(
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


def test_an_organization_has_a_maximum_number_of_members(memory: Memory, organization: Organization) -> None:
    for _ in range(MOST_MEMBERS - 1):
        join(organization, uuid4(), VIEWER)
    organization = memory.again(organization)
    with pytest.raises(TooManyMembers):
        join(organization, OTHER, VIEWER)


def test_administrators_restore_a_deleted_organization_within_thirty_days(
    memory: Memory, organization: Organization
) -> None:
    join(organization, OTHER, VIEWER)
    organization.delete(NOW)
    organization = memory.again(organization)
    with pytest.raises(NotFound):
        organization.restore(OTHER, NOW)
    organization.restore(OWNER, NOW + timedelta(days=30) - timedelta(seconds=1))
    assert not memory.again(organization).deleted


def test_after_thirty_days_it_cannot_be_restored(memory: Memory, organization: Organization) -> None:
    organization.delete(NOW)
    organization.purge(NOW)
    assert not organization.purged
    later = NOW + timedelta(days=30)
    with pytest.raises(NotFound):
        organization.restore(OWNER, later)
    organization.purge(later)
    assert memory.again(organization).members == {}
