"""The uses of stored credentials, as auditors read them."""

from uuid import uuid4

from platforms.platforms.tests.test_platforms_http import refused
from platforms.tests.running_service import Caller, RunningPlatforms, only
from testing.waiting import wait_until

PASSWORD = "Never-to-be-seen-1"


def checked_platform(person: Caller, checks: int) -> str:
    """A platform whose stored credentials were used for these checks, and by the schedule."""
    path = person.add()
    given = {"host": "localhost", "port": 1, "login": 1000, "password": PASSWORD}
    assert person.put(f"{path}/api-credentials", json=given).status_code == 200
    # First the schedule's: a check by hand that finds the port closed would put it off.
    wait_until(lambda: person.get(f"{path}/credential-uses").json()["items"])
    for _ in range(checks):
        assert person.post(f"{path}/checks", json={"target": "api"}).status_code == 200
    return path


def test_each_use_shows_actor_purpose_and_request(running: RunningPlatforms) -> None:
    person = running.member()
    path = checked_platform(person, 0)
    answer = person.post(f"{path}/checks", json={"target": "api"}, headers={"X-Request-Id": "my-check"})
    assert answer.status_code == 200
    uses = person.get(f"{path}/credential-uses").json()["items"]
    assert list(uses[0]) == ["id", "used_at", "target", "version", "purpose", "actor", "request_id"]
    shown = {key: uses[0][key] for key in ("target", "version", "purpose", "actor", "request_id")}
    assert shown == {
        "target": "api",
        "version": 1,
        "purpose": "check",
        "actor": person.subject,
        "request_id": "my-check",
    }
    assert (uses[-1]["purpose"], uses[-1]["actor"]) == ("scheduled-check", None)
    assert PASSWORD not in "".join(person.answers)


def test_uses_are_read_in_pages_newest_first_and_after_the_platform_is_removed(running: RunningPlatforms) -> None:
    person = running.member()
    path = checked_platform(person, 4)
    person.delete(path)
    seen, cursor = [], ""
    while True:
        page = person.get(f"{path}/credential-uses?limit=2{cursor}").json()
        assert len(page["items"]) <= 2
        seen += [use["id"] for use in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(seen) == 5
    assert seen == sorted(set(seen), reverse=True)
    for wrong in ("x", "W10", "WyJhIl0", "WzEsMl0"):
        refused(person.get(f"{path}/credential-uses?cursor={wrong}"), 422, "invalid")


def test_uses_are_visible_to_auditors_within_their_limits(running: RunningPlatforms) -> None:
    owner = running.member()
    path, other = checked_platform(owner, 1), owner.add("Other")
    organization = owner.organization
    uses = f"{path}/credential-uses"
    for auditor in (
        running.member(organization, None, "audit:read"),
        running.client(organization, "audit:read"),
        running.client(organization, "audit:read", limits=only(path)),
    ):
        assert len(auditor.get(uses).json()["items"]) == 2
    for without in (running.member(organization, "manager"), running.client(organization, "platforms:read")):
        refused(without.get(uses), 403, "permission-missing")
    for beyond in (
        running.member(organization, None, "audit:read", limits=only(other)),
        running.client(organization, "audit:read", limits=only(other)),
        running.member(),
        running.client(uuid4(), "audit:read"),
    ):
        refused(beyond.get(uses), 404, "not-found")
    stranger = running.member()
    foreign = uses.replace(str(organization), str(stranger.organization))
    refused(stranger.get(foreign), 404, "not-found")
    refused(running.nobody().get(uses), 401, "invalid-token")
