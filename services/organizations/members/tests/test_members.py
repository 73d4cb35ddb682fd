"""Use cases of members, on the real database."""

from functools import partial
from uuid import UUID, uuid4

import pytest

from contracts.permissions import Grant
from kit.errors import NotFound
from kit.http.pagination import Paging
from organizations.organizations.domain import GrantExceedsOwn, LastAdministrator
from organizations.tests.world import ADMINISTRATOR, VIEWER, World, at_once


def test_one_administrator_remains_after_twenty_concurrent_removals(world: World) -> None:
    organization, owner = world.organization()
    people = [owner, *(world.member(organization, owner, ADMINISTRATOR) for _ in range(19))]
    removals = [
        partial(world.members.remove, organization, user, people[number - 1]) for number, user in enumerate(people)
    ]
    outcomes = at_once(removals)
    remaining = world.organizations.live(organization).members
    assert len(remaining) >= 1
    assert all(outcome is None or isinstance(outcome, GrantExceedsOwn | NotFound) for outcome in outcomes)
    assert len(remaining) == 20 - outcomes.count(None)
    at_once([partial(world.members.remove, organization, user, user) for user in people])
    assert len(world.organizations.live(organization).members) == 1
    [left] = world.organizations.live(organization).members
    assert [str(member.user_id) for member in world.members_of(organization, UUID(left))] == [left]


def test_one_of_twenty_leaving_administrators_is_refused(world: World) -> None:
    organization, owner = world.organization()
    people = [owner, *(world.member(organization, owner, ADMINISTRATOR) for _ in range(19))]
    outcomes = at_once([partial(world.members.remove, organization, user, user) for user in people])
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [LastAdministrator]
    assert len(world.organizations.live(organization).members) == 1


def test_one_of_two_mutual_demotions_wins(world: World) -> None:
    organization, owner = world.organization()
    other = world.member(organization, owner, ADMINISTRATOR)
    outcomes = at_once(
        [
            partial(world.members.change, organization, owner, {"role": "viewer"}, other),
            partial(world.members.change, organization, other, {"role": "viewer"}, owner),
        ]
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["GrantExceedsOwn", "NoneType"]


def test_the_permission_to_change_members_is_checked_in_the_newest_state(world: World) -> None:
    organization, owner = world.organization()
    clerk = world.member(organization, owner, Grant(role="viewer", permissions=("members:write",)))
    target = world.member(organization, owner)
    world.members.change(organization, clerk, {"permissions": ()}, owner)
    with pytest.raises(GrantExceedsOwn):
        world.members.remove(organization, target, clerk)


def test_a_non_member_cannot_be_changed_or_removed(world: World) -> None:
    organization, owner = world.organization()
    with pytest.raises(NotFound):
        world.members.change(organization, uuid4(), {"role": "viewer"}, owner)
    with pytest.raises(NotFound):
        world.members.remove(organization, uuid4(), owner)


def test_lists_are_paged_without_gap_or_repetition(world: World) -> None:
    organization, owner = world.organization()
    for _ in range(6):
        world.member(organization, owner, VIEWER)
    seen, place = [], None
    while True:
        rows = world.members_of(organization, owner, place, 3)
        page = Paging(3).page(rows, lambda row: row, lambda row: (row.joined_at, row.user_id))
        seen += [row.user_id for row in page.items]
        if page.next_cursor is None:
            break
        place = (page.items[-1].joined_at, page.items[-1].user_id)
    assert len(seen) == len(set(seen)) == 7
    assert seen[0] == owner
