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
    GrantExceedsOwn,
    LastAdministrator,
    Organization,
    TooManyMembers,
    first_organization_id,
    must_give,
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


def test_only_given_fields_change(memory: Memory, organization: Organization) -> None:
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
def test_nobody_grants_more_than_they_have(organization: Organization, given: dict[str, Any]) -> None:
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
    for _ in range(1_000 - 1):  # beside the owner
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


def test_a_removal_is_recorded_with_its_way_and_the_grant(organization: Organization) -> None:
    third = uuid4()
    for user in (OTHER, PLATFORM, third):
        join(organization, user, VIEWER)
    organization.collect_events()
    organization.remove(OTHER, OTHER)
    organization.remove(PLATFORM, OWNER)
    organization.erase_member(third)
    organization.erase_member(third)
    removed = [event for event in organization.collect_events() if isinstance(event, Organization.MemberRemoved)]
    assert [(event.user_id, event.how) for event in removed] == [
        (OTHER, "left"),
        (PLATFORM, "removed"),
        (third, "erased"),
    ]
    assert {Grant.model_validate(event.grant) for event in removed} == {VIEWER}


def test_an_erased_last_administrator_is_gone(memory: Memory, organization: Organization) -> None:
    join(organization, OTHER, VIEWER)
    assert organization.has_administrator
    organization.erase_member(OWNER)
    organization = memory.again(organization)
    assert (organization.grant_of(OWNER), organization.has_administrator) == (None, False)


def test_others_depend_on_the_only_administrator_of_a_live_organization(organization: Organization) -> None:
    assert not organization.depends_on(OWNER)
    join(organization, OTHER, VIEWER)
    assert organization.depends_on(OWNER)
    assert not organization.depends_on(OTHER)
    assert not organization.depends_on(uuid4())
    join(organization, PLATFORM, ADMINISTRATOR)
    assert not organization.depends_on(OWNER)
    organization.erase_member(PLATFORM)
    organization.delete(NOW)
    assert not organization.depends_on(OWNER)


def test_changes_are_recorded_with_what_was_before(memory: Memory, organization: Organization) -> None:
    join(organization, OTHER, VIEWER)
    organization = memory.again(organization)
    organization.rename("Traders")
    organization.change(OTHER, {"role": "manager"}, OWNER)
    renamed, changed = organization.pending_events
    assert isinstance(renamed, Organization.OrgRenamed)
    assert isinstance(changed, Organization.MemberPermissionsChanged)
    assert (renamed.from_, renamed.to) == ("Brokers", "Traders")
    assert changed.user_id == OTHER
    assert [Grant.model_validate(grant).role for grant in (changed.from_, changed.to)] == ["viewer", "manager"]
    organization = memory.again(organization)
    assert (organization.name, organization.grant_of(OTHER)) == ("Traders", Grant(role="manager"))


def test_a_member_who_joins_is_recorded_with_the_invitation(organization: Organization) -> None:
    organization.collect_events()
    invitation = uuid4()
    organization.join(OTHER, VIEWER, invitation, OWNER)
    [joined] = organization.collect_events()
    assert isinstance(joined, Organization.MemberJoined)
    assert (joined.user_id, joined.invitation_id, joined.invited_by) == (OTHER, invitation, OWNER)


def test_an_unknown_member_is_neither_changed_nor_removed(organization: Organization) -> None:
    with pytest.raises(NotFound):
        organization.change(OTHER, {"role": "viewer"}, OWNER)
    with pytest.raises(NotFound):
        organization.remove(OTHER, OWNER)
    organization.collect_events()
    organization.erase_member(OTHER)
    assert not organization.pending_events


def test_deleting_again_does_not_prolong_the_time_to_restore(memory: Memory, organization: Organization) -> None:
    assert not organization.deleted
    organization.delete(NOW)
    organization.delete(NOW + timedelta(days=9))
    organization = memory.again(organization)
    assert (organization.deleted, organization.restorable_until) == (True, NOW + timedelta(days=30))


def test_a_deleted_organization_is_purged_once(memory: Memory, organization: Organization) -> None:
    organization.purge(NOW + timedelta(days=99))
    assert not organization.purged
    organization.delete(NOW)
    organization.purge(NOW + timedelta(days=30) - timedelta(seconds=1))
    assert not organization.purged
    organization.purge(NOW + timedelta(days=31))
    organization = memory.again(organization)
    organization.purge(NOW + timedelta(days=32))
    assert (organization.purged, organization.pending_events) == (True, [])


def test_a_live_organization_cannot_be_restored(memory: Memory, organization: Organization) -> None:
    with pytest.raises(NotFound):
        organization.restore(OTHER, NOW)
    organization.delete(NOW)
    organization.restore(OWNER, NOW)
    organization = memory.again(organization)
    organization.restore(OWNER, NOW + timedelta(days=99))
    assert not organization.pending_events


def test_the_first_organization_of_a_user_has_an_id_of_its_own() -> None:
    user = UUID("8c1f2b7e-52a4-4f0e-8a3c-6b1d9e0f4a21")
    assert first_organization_id(user) == first_organization_id(user) != first_organization_id(OTHER)
    assert Organization(id=user, name="n", owner=OWNER).id == user


@pytest.mark.parametrize(
    ("held", "gives"),
    [
        (None, False),
        (Grant(role="manager"), False),
        (Grant(role="viewer", permissions=("members:write",)), True),
        (Grant(role=None, permissions=("members:write",)), False),
        (ADMINISTRATOR, True),
    ],
)
def test_granting_requires_members_write_and_the_grant_itself(held: Grant | None, gives: bool) -> None:
    if gives:
        must_give(held, VIEWER)
    else:
        with pytest.raises(GrantExceedsOwn):
            must_give(held, VIEWER)
