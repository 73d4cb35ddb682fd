"""The feed by HTTP: the events of all services about the organization, in one order, for clients with events:read."""

import json
from typing import Any
from uuid import UUID, uuid4

from contracts import identity, notifications, platforms
from organizations.tests.http_helpers import invite, join, make, refused
from organizations.tests.running_service import RunningOrganizations
from testing.service import Caller
from testing.waiting import wait_until


def all_of(client: Caller, path: str, page: int = 200) -> list[dict[str, Any]]:
    """Every event, page by page."""
    items: list[dict[str, Any]] = []
    answer = client.get(f"{path}/events?limit={page}").json()
    while True:
        items += answer["items"]
        if answer["next_cursor"] is None:
            return items
        answer = client.get(f"{path}/events?limit={page}&after={answer['next_cursor']}").json()


def kinds(items: list[dict[str, Any]]) -> list[str]:
    return [item["type"].split(".")[2] for item in items]


def tell(running: RunningOrganizations, organization: UUID, by: UUID) -> list[str]:
    """One event of each other context; answers their types."""
    client, platform, notification = uuid4(), uuid4(), uuid4()
    created = identity.ClientCreated(
        client=client, client_id="thc_x", organization_id=organization, name="Robot", scopes=(), created_by=by
    )
    added = platforms.PlatformAdded(
        organization_id=organization, platform_id=platform, name="Live", kind="mt5", api="none"
    )
    sent = notifications.NotificationSent(
        notification_id=notification, template="invitation", cause="x", organization_id=organization, attempts=1
    )
    running.identity.publish(created, client, organization, actor=str(by))
    running.identity.publish(added, platform, organization, actor=str(by))
    running.identity.publish(sent, notification, organization)
    return ["ClientCreated", "PlatformAdded", "NotificationSent"]


def test_the_events_of_all_services_arrive_as_on_the_bus_and_no_other_organizations(
    running: RunningOrganizations,
) -> None:
    owner, other = running.user(), running.user()
    path, elsewhere = make(owner), make(other, "Others")
    organization = UUID(path.rpartition("/")[2])
    client = running.client(organization, "events:read")
    running.registered(owner)  # names no organization
    tell(running, UUID(elsewhere.rpartition("/")[2]), other.id)
    published = tell(running, organization, owner.id)
    wait_until(lambda: len(all_of(client, path)) == 4)
    items = all_of(client, path, page=1)
    assert kinds(items)[0] == "OrgCreated"
    assert sorted(kinds(items)[1:]) == sorted(published)
    assert {item["organization"] for item in items} == {str(organization)}
    on_the_bus = [
        json.loads(running.identity.messages(context.upper(), f"evt.{context}.{organization}.>", 1)[0])
        for context in ("organizations", "identity", "platforms", "notifications")
    ]
    assert sorted(items, key=json.dumps) == sorted(on_the_bus, key=json.dumps)
    refused(running.client(organization, "audit:read").get(f"{path}/events"), 403, "permission-missing")
    refused(client.get(f"{elsewhere}/events"), 404, "not-found")


def test_a_platform_of_another_kind_is_in_the_feed_like_any_platform(running: RunningOrganizations) -> None:
    owner = running.user()
    path = make(owner)
    organization, platform = UUID(path.rpartition("/")[2]), uuid4()
    added = platforms.PlatformOfOtherKindAdded(
        organization_id=organization, platform_id=platform, name="Desk", kind="sample-desk", api="desk-api"
    )
    running.identity.publish(added, platform, organization, actor=str(owner.id))
    client = running.client(organization, "events:read")
    wait_until(lambda: kinds(all_of(client, path)) == ["OrgCreated", "PlatformOfOtherKindAdded"])
    shown = all_of(client, path)[-1]["data"]
    assert (shown["platform_id"], shown["name"], shown["kind"]) == (str(platform), "Desk", "sample-desk")


def test_a_poller_continues_from_the_position_of_the_answer(running: RunningOrganizations) -> None:
    owner = running.user()
    path = make(owner)
    organization = UUID(path.rpartition("/")[2])
    client = running.client(organization, "events:read")
    first = client.get(f"{path}/events").json()
    assert first["position"] == first["items"][-1]["sequence"], "own events keep the place they always had"
    tell(running, organization, owner.id)
    wait_until(lambda: len(client.get(f"{path}/events?after={first['position']}").json()["items"]) == 3)
    second = client.get(f"{path}/events?after={first['position']}&limit=2").json()
    assert second["next_cursor"] == str(second["position"])
    owner.patch(path, json={"name": "Later"})
    third = client.get(f"{path}/events?after={second['position']}").json()
    assert kinds(third["items"])[1:] == ["OrgRenamed"]
    nothing = {"items": [], "next_cursor": None, "position": third["position"]}
    assert client.get(f"{path}/events?after={third['position']}").json() == nothing


def test_the_address_of_an_erased_user_is_erased_from_the_feed(running: RunningOrganizations) -> None:
    owner, guest = running.user(), running.user("Erased.Guest@example.com")
    path = make(owner)
    client = running.client(path.rpartition("/")[2], "events:read")
    running.registered(guest)
    invite(owner, path, guest.email)
    join(running, owner, path)

    def addresses() -> list[str | None]:
        return [item["data"]["email"] for item in all_of(client, path) if "email" in item["data"]]

    assert guest.email in addresses()
    running.identity.publish(identity.UserErased(user_id=guest.id), guest.id)
    wait_until(lambda: addresses()[0] is None)
    assert addresses()[1] is not None
    assert guest.email not in json.dumps(all_of(client, path))


def test_a_lost_feed_is_refilled_from_the_streams(running: RunningOrganizations) -> None:
    owner = running.user()
    path = make(owner)
    organization = UUID(path.rpartition("/")[2])
    client = running.client(organization, "events:read")
    tell(running, organization, owner.id)
    wait_until(lambda: len(all_of(client, path)) == 4)
    before = all_of(client, path)
    running.forget_foreign_events()
    wait_until(lambda: len(all_of(client, path)) == 4, timeout=60)
    after = all_of(client, path)
    assert sorted(after, key=json.dumps) == sorted(before, key=json.dumps)
    assert after[0] == before[0]
