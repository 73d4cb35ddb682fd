"""The read models: what each event changes, and that a rebuild gives the same rows."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

from kit.eventstore.rebuild import Rebuilt, rebuild
from platforms.credentials.api_models import db_credentials
from platforms.tests.world import ADA, World

START = ("-infinity", UUID(int=0))


def test_the_view_of_a_platform_follows_its_events(world: World) -> None:
    organization, platform = world.platform(name="Live", kind="mt4", api="mt4-manager")
    world.platforms.change(organization, platform, {"name": "Demo", "api": "mt4-web"})
    world.give(organization, platform, "db", login="reader", database="report", port=3306)
    row = world.views.find(organization, platform)
    assert row is not None
    assert (row.name, row.kind, row.api, row.state, row.reason) == ("Demo", "mt4", "mt4-web", "unknown", None)
    assert row.api_credentials is None
    assert row.db_credentials is not None
    assert {**row.db_credentials, "fingerprint": "", "set_at": ""} == {
        "host": "mt.example.com",
        "port": 3306,
        "login": "reader",
        "database": "report",
        "tls": "verify",
        "version": 1,
        "fingerprint": "",
        "options": {"desk": "prime"},
        "set_at": "",
        "set_by": ADA,
    }
    before = {name: value for name, value in row.db_credentials.items() if name != "options"}
    shown = db_credentials(replace(row, db_credentials=before))
    assert shown is not None
    assert shown.options == {}, "rows of earlier releases have none"
    assert row.since == row.created_at
    world.platforms.remove(organization, platform)
    assert world.views.find(organization, platform) is None


def test_a_platform_is_found_in_its_own_organization_only(world: World) -> None:
    organization, platform = world.platform()
    assert world.views.find(organization, platform)
    assert world.views.find(uuid4(), platform) is None


def test_a_list_is_limited_to_named_platforms_and_continues_at_its_cursor(world: World) -> None:
    organization = uuid4()
    ids = [world.platform(organization)[1] for _ in range(5)]
    world.platform()
    assert [row.id for row in world.views.all(organization, None, START, 10)] == ids
    assert [row.id for row in world.views.all(organization, [ids[3], uuid4()], START, 10)] == [ids[3]]
    assert world.views.all(organization, [], START, 10) == []
    second = world.views.all(organization, None, START, 1)[0]
    rest = world.views.all(organization, None, (second.created_at, second.id), 10)
    assert [row.id for row in rest] == ids[1:]


def test_since_is_when_the_state_changed_not_the_reason(world: World) -> None:
    organization, platform = world.platform()
    times = []
    for state, reason in [("lost", "timeout"), ("lost", "port-closed"), ("ok", None)]:
        aggregate = world.store.live(organization, platform)
        aggregate.found(state, reason)
        world.store.save(aggregate)
        row = world.views.find(organization, platform)
        assert row is not None
        times.append((row.reason, row.since))
    assert times[0][1] == times[1][1] < times[2][1]
    assert [reason for reason, _ in times] == ["timeout", "port-closed", None]


def test_a_rebuild_gives_the_same_rows(world: World) -> None:
    organization, platform = world.platform()
    world.give(organization, platform)
    _, gone = world.platform(organization)
    world.platforms.remove(organization, gone)
    world.platforms.change(organization, platform, {"api": "mt5-rest"})
    world.views.organization_deleted(uuid4(), world.clock.now + timedelta(days=1))
    before = world.rows("platforms"), world.rows("deleted_organizations")
    assert rebuild(world.store) == Rebuilt(len(world.kinds()), {})
    assert (world.rows("platforms"), world.rows("deleted_organizations")) == before
