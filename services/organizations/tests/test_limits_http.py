"""Limits to named platforms narrow the audit trail and the events: nothing about other platforms is shown."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts import identity, platforms
from contracts.permissions import Limits
from organizations.feed.tests.test_feed_http import all_of, kinds
from organizations.tests.http_helpers import invite, join, make
from organizations.tests.running_service import RunningOrganizations
from testing.service import Caller
from testing.waiting import wait_until

OF_A_PLATFORM = ["PlatformAdded", "PlatformCredentialsSet", "PlatformRemoved"]


class Limited:
    """An organization with the platforms A and B, and readers who are limited to A, to none, or not at all."""

    def __init__(self, running: RunningOrganizations) -> None:
        self.owner = running.user()
        self.path = make(self.owner)
        self.organization = UUID(self.path.rpartition("/")[2])
        self.a, self.b = uuid4(), uuid4()
        self.member = self._member(running, [self.a])
        self.client = self._client(running, (self.a,))
        self.nowhere = self._client(running, ())
        self.everywhere = self._client(running, None)
        for platform, name in ((self.a, "open"), (self.b, "hidden"), (self.a, "open"), (self.b, "hidden")):
            self._tell(running, platform, name)
        self._name_both(running)
        wait_until(lambda: len(self.trail(self.owner, type="PlatformRemoved")) == 4)
        wait_until(lambda: len(self.trail(self.owner, type="ClientCreated")) == 1)
        wait_until(lambda: kinds(all_of(self.everywhere, self.path)).count("PlatformStatusChanged") == 4)
        wait_until(lambda: "ClientCreated" in kinds(all_of(self.everywhere, self.path)))

    def _member(self, running: RunningOrganizations, only: list[UUID]) -> Caller:
        limits = {"platforms": [str(one) for one in only]}
        return join(running, self.owner, self.path, permissions=["audit:read"], limits=limits)

    def _client(self, running: RunningOrganizations, only: tuple[UUID, ...] | None) -> Caller:
        return running.client(self.organization, "audit:read", "events:read", limits=Limits(platforms=only))

    def _tell(self, running: RunningOrganizations, platform: UUID, name: str) -> None:
        about: dict[str, Any] = {"organization_id": self.organization, "platform_id": platform}
        where: dict[str, Any] = {"target": "api", "host": f"{name}.example.com", "port": 443, "login": f"{name}-login"}
        for event in (
            platforms.PlatformAdded(**about, name=f"{name} name", kind="mt5", api="none"),
            platforms.PlatformCredentialsSet(**about, **where, version=1, fingerprint=f"{name}-print"),
            platforms.PlatformStatusChanged(**about, from_="unknown", to="failing", reason=f"{name}-reason"),
            platforms.PlatformRemoved(**about),
        ):
            running.identity.publish(event, platform, self.organization, actor=str(self.owner.id))

    def _name_both(self, running: RunningOrganizations) -> None:
        """An invitation and a client that are limited to both."""
        limits = Limits(platforms=(self.a, self.b))
        invited = invite(self.owner, self.path, f"{uuid4().hex}@example.com", limits=limits.model_dump(mode="json"))
        assert invited.status_code == 201, invited.text
        client = uuid4()
        created = identity.ClientCreated(
            client=client,
            client_id="thc_both",
            organization_id=self.organization,
            name="Robot",
            scopes=("platforms:read",),
            limits=limits,
            created_by=self.owner.id,
        )
        running.identity.publish(created, client, self.organization, actor=str(self.owner.id))

    def trail(self, reader: Caller, **wanted: Any) -> list[dict[str, Any]]:
        return list(reader.get(f"{self.path}/audit", params=wanted).json()["items"])

    def hidden(self) -> list[str]:
        """Whatever tells of B."""
        return [str(self.b), "hidden"]


@pytest.fixture(scope="module")
def limited(running: RunningOrganizations) -> Limited:
    return Limited(running)


def pages_of(reader: Caller, path: str, limit: int) -> Iterator[dict[str, Any]]:
    """The audit trail, page by page."""
    wanted: dict[str, Any] = {"limit": limit}
    while True:
        page = reader.get(f"{path}/audit", params=wanted).json()
        yield page
        if page["next_cursor"] is None:
            return
        wanted["cursor"] = page["next_cursor"]


@pytest.mark.parametrize("reader", ["member", "client"])
@pytest.mark.parametrize("form", ["application/json", "text/csv", "application/x-ndjson"])
def test_the_trail_hides_platforms_beyond_the_limits_in_every_format(limited: Limited, reader: str, form: str) -> None:
    answer = getattr(limited, reader).get(f"{limited.path}/audit?limit=200", headers={"Accept": form})
    assert answer.headers["content-type"].startswith(form)
    assert not [item for item in limited.hidden() if item in answer.text]
    assert str(limited.a) in answer.text
    all_text = limited.owner.get(f"{limited.path}/audit?limit=200", headers={"Accept": form}).text
    assert [item for item in limited.hidden() if item in all_text] == limited.hidden()


@pytest.mark.parametrize("reader", ["member", "client"])
@pytest.mark.parametrize("limit", [1, 2, 3, 200])
def test_pages_of_a_limited_trail_are_full_and_complete(limited: Limited, reader: str, limit: int) -> None:
    pages = list(pages_of(getattr(limited, reader), limited.path, limit))
    entries = [entry for page in pages for entry in page["items"]]
    everything = [entry for page in pages_of(limited.owner, limited.path, 200) for entry in page["items"]]
    expected = [entry["id"] for entry in everything if entry["target"] != str(limited.b)]
    assert [entry["id"] for entry in entries] == expected
    assert len(everything) == len(expected) + 6
    assert {len(page["items"]) for page in pages[:-1]} <= {limit}
    assert pages[-1]["items"], "a page more for what is hidden tells that there is something"


def test_a_limited_export_equals_its_pages(limited: Limited) -> None:
    shown = limited.trail(limited.client, limit=200)
    table = limited.client.get(f"{limited.path}/audit", headers={"Accept": "text/csv"}).text
    assert [row["id"] for row in csv.DictReader(io.StringIO(table))] == [entry["id"] for entry in shown]


@pytest.mark.parametrize("reader", ["member", "client"])
def test_filters_of_the_trail_find_nothing_beyond_the_limits(limited: Limited, reader: str) -> None:
    for kind in OF_A_PLATFORM:
        found = limited.trail(getattr(limited, reader), type=kind)
        assert [entry["target"] for entry in found] == [str(limited.a)] * 2


@pytest.mark.parametrize("page", [1, 2, 200])
def test_the_feed_hides_exactly_the_events_beyond_the_limits(limited: Limited, page: int) -> None:
    shown = all_of(limited.client, limited.path, page)
    everything = all_of(limited.everywhere, limited.path)
    about_b = [item["id"] for item in everything if item["data"].get("platform_id") == str(limited.b)]
    assert len(about_b) == 8
    assert [item["id"] for item in shown] == [item["id"] for item in everything if item["id"] not in about_b]
    assert not [item for item in limited.hidden() if item in json.dumps(shown)]


def places_of(reader: Caller, path: str) -> dict[str, int]:
    """Each event's position, by its id, and that nothing more is promised at the end."""
    places, answer = dict[str, int](), reader.get(f"{path}/events?limit=1").json()
    while True:
        places[answer["items"][0]["id"]] = answer["position"]
        after = f"{path}/events?limit=1&after={answer['position']}"
        if answer["next_cursor"] is None:
            assert reader.get(after).json() == {"items": [], "next_cursor": None, "position": answer["position"]}
            return places
        answer = reader.get(after).json()


def test_an_event_has_the_same_position_for_readers_with_limits_and_without(limited: Limited) -> None:
    shown, everything = places_of(limited.client, limited.path), places_of(limited.everywhere, limited.path)
    assert shown == {item: everything[item] for item in shown}
    assert len(everything) == len(shown) + 8


def test_limits_in_events_are_redacted_for_the_reader(limited: Limited) -> None:
    both = sorted([str(limited.a), str(limited.b)])
    for reader, named in ((limited.client, [str(limited.a)]), (limited.nowhere, []), (limited.everywhere, both)):
        shown = [item["data"] for item in all_of(reader, limited.path) if item["data"].get("client_id") == "thc_both"]
        shown += [entry["after"] for entry in limited.trail(reader, type="MemberInvited")[:1]]
        assert [sorted(each["limits"]["platforms"]) for each in shown] == [named] * 2
    assert limited.trail(limited.client, type="MemberInvited")[0]["summary"].endswith("on 1 platform")
    [joined] = limited.trail(limited.everywhere, type="MemberJoined")
    assert joined["after"]["limits"] == {"platforms": [str(limited.a)]}


def test_a_reader_limited_to_no_platform_sees_none(limited: Limited) -> None:
    assert not [item for item in all_of(limited.nowhere, limited.path) if item["source"].startswith("/platforms/")]
    assert not [entry for entry in limited.trail(limited.nowhere, limit=200) if entry["type"] in OF_A_PLATFORM]
    assert str(limited.a) not in json.dumps(all_of(limited.nowhere, limited.path))
