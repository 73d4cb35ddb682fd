"""A program that cannot reach the bus follows its organization's events by HTTP."""

from typing import Any

from testing.driver import SystemDriver, call, client_token
from testing.waiting import wait_until


def test_the_feed_contains_events_of_every_service(driver: SystemDriver) -> None:
    ada = driver.new_user("ada")
    org = ada.organization
    wanted = {"name": "Listener", "scopes": ["events:read"]}
    client = ada.api("POST", f"/organizations/{org}/clients", json=wanted).json()
    platform = {"name": "Live", "kind": "mt5"}
    assert ada.api("POST", f"/organizations/{org}/platforms", json=platform).status_code == 201
    guest = {"email": "guest@broker.example", "role": "viewer"}
    assert ada.api("POST", f"/organizations/{org}/invitations", json=guest).status_code == 201
    token = client_token(driver, client["client_id"], client["client_secret"]).json()["access_token"]
    heard: list[dict[str, Any]] = []
    position = 0

    def listen() -> set[str]:
        nonlocal position
        page = call(driver, token, "GET", f"/organizations/{org}/events?after={position}&limit=3").json()
        heard.extend(page["items"])
        position = page["position"]
        return {item["type"].split(".")[2] for item in heard}

    expected = {"OrgCreated", "ClientCreated", "ClientSecretIssued", "PlatformAdded", "MemberInvited"}
    wait_until(lambda: listen() >= expected | {"NotificationSent"}, 30)
    assert len({item["id"] for item in heard}) == len(heard)
    assert {item["organization"] for item in heard} == {org}
