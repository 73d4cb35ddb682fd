"""Use cases of organizations and members, on the real database."""

from functools import partial
from uuid import uuid4

import pytest

from contracts.permissions import Grant
from kit.errors import NotFound
from kit.http.pagination import Paging
from organizations.domain import (
    GrantExceedsOwn,
    LastAdministrator,
    Organization,
    first_organization_id,
)
from organizations.tests.parts import ADMINISTRATOR, VIEWER, World, at_once


def test_the_first_organization_is_made_once_whoever_comes_first(world: World) -> None:
    user_id = world.person()
    outcomes = at_once([partial(world.store.make_first, user_id)] * 12)
    assert outcomes == [None] * 12
    assert world.kinds() == ["OrgCreated"]
    found = world.store.live(first_organization_id(user_id))
    assert (found.name, found.grant_of(user_id)) == ("My organization", ADMINISTRATOR)


def test_asking_for_ones_own_first_organization_makes_it_and_no_others(world: World) -> None:
    user_id, other = world.person(), world.person()
    assert world.store.grant_of(first_organization_id(user_id), other) is None
    assert world.kinds() == []
    assert world.store.grant_of(first_organization_id(user_id), user_id) == ADMINISTRATOR


def test_a_first_organization_that_was_deleted_is_not_made_again(world: World) -> None:
    user_id = world.person()
    world.store.make_first(user_id)
    world.store.delete(first_organization_id(user_id))
    world.store.make_first(user_id)
    assert world.store.grant_of(first_organization_id(user_id), user_id) is None
    assert world.kinds() == ["OrgCreated", "OrgDeleted"]


def test_a_2xx_means_the_next_read_shows_it(world: World) -> None:
    organization, owner = world.organization(name="Old")
    world.store.rename(organization, "New")
    row = world.views.organizations.find(organization)
    assert row is not None
    assert row.name == "New"
    assert [own.id for own in world.views.organizations.of_user(owner, None, 50)] == [organization]


def test_nobody_holds_anything_in_a_deleted_organization(world: World) -> None:
    organization, owner = world.organization()
    world.store.delete(organization)
    assert world.store.grant_of(organization, owner) is None
    assert world.views.organizations.of_user(owner, None, 50) == []
    with pytest.raises(NotFound):
        world.store.rename(organization, "New")
    with pytest.raises(NotFound):
        world.store.delete(organization)
    world.store.restore(organization, owner)
    assert world.store.grant_of(organization, owner) == ADMINISTRATOR


def test_of_twenty_concurrent_removals_one_administrator_remains(world: World) -> None:
    organization, owner = world.organization()
    people = [owner, *(world.member(organization, owner, ADMINISTRATOR) for _ in range(19))]
    removals = [
        partial(world.store.remove_member, organization, user, people[number - 1]) for number, user in enumerate(people)
    ]
    outcomes = at_once(removals)
    remaining = world.store.live(organization).members
    assert len(remaining) >= 1
    assert all(outcome is None or isinstance(outcome, GrantExceedsOwn | NotFound) for outcome in outcomes)
    assert len(remaining) == 20 - outcomes.count(None)
    at_once([partial(world.store.remove_member, organization, user, user) for user in people])
    assert len(world.store.live(organization).members) == 1
    assert len(world.views.organizations.members(organization, None, 50)) == 1


def test_of_twenty_administrators_leaving_at_once_one_is_held_back(world: World) -> None:
    organization, owner = world.organization()
    people = [owner, *(world.member(organization, owner, ADMINISTRATOR) for _ in range(19))]
    outcomes = at_once([partial(world.store.remove_member, organization, user, user) for user in people])
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [LastAdministrator]
    assert len(world.store.live(organization).members) == 1


def test_of_two_administrators_making_each_other_less_one_wins(world: World) -> None:
    organization, owner = world.organization()
    other = world.member(organization, owner, ADMINISTRATOR)
    outcomes = at_once(
        [
            partial(world.store.change_member, organization, owner, {"role": "viewer"}, other),
            partial(world.store.change_member, organization, other, {"role": "viewer"}, owner),
        ]
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["GrantExceedsOwn", "NoneType"]


def test_the_right_to_change_members_is_judged_by_the_newest_state(world: World) -> None:
    organization, owner = world.organization()
    clerk = world.member(organization, owner, Grant(role="viewer", permissions=("members:write",)))
    target = world.member(organization, owner)
    world.store.change_member(organization, clerk, {"permissions": ()}, owner)
    with pytest.raises(GrantExceedsOwn):
        world.store.remove_member(organization, target, clerk)


def test_who_never_was_a_member_cannot_be_changed_or_removed(world: World) -> None:
    organization, owner = world.organization()
    with pytest.raises(NotFound):
        world.store.change_member(organization, uuid4(), {"role": "viewer"}, owner)
    with pytest.raises(NotFound):
        world.store.remove_member(organization, uuid4(), owner)


def test_an_unknown_organization_is_refused_as_a_deleted_one_is(world: World) -> None:
    with pytest.raises(NotFound):
        world.store.rename(uuid4(), "New")


def test_an_invitations_id_names_no_organization(world: World) -> None:
    organization, owner = world.organization()
    invitation, _ = world.invite(organization, owner, "ann@example.com")
    with pytest.raises(NotFound):
        world.store.rename(invitation, "New")


def test_lists_are_paged_without_gap_or_repetition(world: World) -> None:
    organization, owner = world.organization()
    for _ in range(6):
        world.member(organization, owner, VIEWER)
    seen, place = [], None
    while True:
        rows = world.views.organizations.members(organization, place, 3)
        page = Paging(3).page(rows, lambda row: row, lambda row: (row.joined_at, row.user_id))
        seen += [row.user_id for row in page.items]
        if page.next_cursor is None:
            break
        place = (page.items[-1].joined_at, page.items[-1].user_id)
    assert len(seen) == len(set(seen)) == 7
    assert seen[0] == owner


def test_a_deleted_list_is_for_administrators_while_there_is_time(world: World) -> None:
    organization, owner = world.organization()
    viewer = world.member(organization, owner, VIEWER)
    world.store.delete(organization)
    deleted = world.views.organizations.of_user(owner, None, 50, world.clock())
    assert [own.id for own in deleted] == [organization]
    assert world.views.organizations.of_user(viewer, None, 50, world.clock()) == []
    restorable_until = world.store.find(Organization, organization).restorable_until
    assert world.views.organizations.of_user(owner, None, 50, restorable_until) == []
