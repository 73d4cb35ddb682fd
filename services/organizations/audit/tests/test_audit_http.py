"""The audit trail and the events by HTTP: pages, filters, exports, and what spreadsheets must not run."""

import csv
import io
import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts import identity, platforms
from contracts.envelope import Envelope
from organizations.tests.http_helpers import invite, join, make, refused
from organizations.tests.running_service import RunningOrganizations
from testing.waiting import wait_until

FORMULAS = ["=HYPERLINK(1)", "+1+1", "-1+1", "@SUM(A1)", "\uff1d1", "  =1+1"]


def test_an_entry_has_all_of_its_fields(running: RunningOrganizations) -> None:
    owner = running.user()
    path = make(owner, "Old")
    owner.patch(path, json={"name": "New"}, headers={"X-Request-Id": "my-request"})
    entry = owner.get(f"{path}/audit?limit=1").json()["items"][0]
    assert list(entry) == [
        "id",
        "time",
        "actor",
        "type",
        "target",
        "summary",
        "before",
        "after",
        "request_id",
    ]
    assert (entry["actor"], entry["type"], entry["request_id"]) == (str(owner.id), "OrgRenamed", "my-request")
    assert (entry["before"], entry["after"]) == ({"name": "Old"}, {"name": "New"})
    assert entry["summary"] == 'Renamed the organization from "Old" to "New"'


def test_the_trail_is_read_in_pages_and_by_filters(running: RunningOrganizations) -> None:
    owner = running.user()
    path = make(owner)
    for number in range(5):
        owner.patch(path, json={"name": f"Brokers {number}"})
    first = owner.get(f"{path}/audit?limit=4").json()
    second = owner.get(f"{path}/audit", params={"limit": 4, "cursor": first["next_cursor"]}).json()
    entries = first["items"] + second["items"]
    assert [entry["type"] for entry in entries] == ["OrgRenamed"] * 5 + ["OrgCreated"]
    assert len({entry["id"] for entry in entries}) == 6
    middle = entries[2]["time"]

    def count(**wanted: str) -> int:
        return len(owner.get(f"{path}/audit", params=wanted).json()["items"])

    assert (count(after=middle), count(before=middle)) == (2, 3)
    assert (count(actor=str(owner.id)), count(actor=str(uuid4()))) == (6, 0)
    assert (count(type="OrgCreated"), count(type="OrgCreated", after=middle)) == (1, 0)
    for wrong in ({"after": "yesterday"}, {"before": "2026-01-01T00:00:00"}, {"actor": "a\0b"}):
        refused(owner.get(f"{path}/audit", params=wrong), 422, "invalid")


@pytest.mark.parametrize("name", FORMULAS)
def test_csv_cells_are_never_formulas(running: RunningOrganizations, name: str) -> None:
    owner = running.user()
    path = make(owner)
    client = uuid4()
    running.identity.publish(
        identity.ClientCreated(
            client=client,
            client_id="thc_x",
            organization_id=UUID(path.rpartition("/")[2]),
            name="x",
            scopes=(),
            created_by=owner.id,
        ),
        client,
        actor=name,
    )
    wait_until(lambda: owner.get(f"{path}/audit?type=ClientCreated").json()["items"])
    owner.patch(path, json={"name": name})
    answer = owner.get(f"{path}/audit", headers={"Accept": "text/csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"].startswith("attachment")
    header, *rows = csv.reader(io.StringIO(answer.text))
    assert header[0] == "id"
    assert {row[header.index("type")] for row in rows} == {"OrgRenamed", "ClientCreated", "OrgCreated"}
    cells = [cell for row in rows for cell in row]
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d"))]
    assert f"'{name}" in cells


def test_every_export_format_contains_all_entries(running: RunningOrganizations) -> None:
    owner = running.user()
    path = make(owner, 'He said "hi", twice')
    for number in range(7):
        owner.patch(path, json={"name": f"Brokers, {number}"})
    shown = owner.get(f"{path}/audit").json()["items"]
    lines = owner.get(f"{path}/audit?limit=2", headers={"Accept": "application/x-ndjson;q=0.9, */*;q=0.1"})
    assert lines.headers["content-type"].startswith("application/x-ndjson")
    assert [json.loads(line) for line in lines.text.splitlines()] == shown
    table = owner.get(f"{path}/audit", headers={"Accept": "text/csv"}).text
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["summary"] for row in rows] == [entry["summary"] for entry in shown]
    assert [json.loads(row["after"]) for row in rows] == [entry["after"] for entry in shown]
    assert owner.get(f"{path}/audit", headers={"Accept": "text/html"}).json()["items"] == shown


def test_the_organizations_clients_are_in_its_trail_without_a_secret(running: RunningOrganizations) -> None:
    owner = running.user()
    path = make(owner)
    organization, client = UUID(path.rpartition("/")[2]), uuid4()
    about: dict[str, Any] = {"client": client, "client_id": "thc_one", "organization_id": organization}
    rights = identity.ClientGrant(scopes=("audit:read",))
    secret = uuid4()
    for event in (
        identity.ClientCreated(**about, name="Robot", scopes=("audit:read",), created_by=owner.id),
        identity.ClientRenamed(**about, from_="Robot", to="Machine"),
        identity.ClientScopesChanged(**about, from_=rights, to=identity.ClientGrant(scopes=())),
        identity.ClientSecretIssued(
            **about, client_name="Machine", secret_id=secret, name="2026", expires_at=None, issued_by=owner.id
        ),
        identity.ClientSecretEnded(**about, secret_id=secret),
        identity.ClientRemoved(**about),
    ):
        running.identity.publish(event, client, organization, actor=str(owner.id))
    wait_until(lambda: owner.get(f"{path}/audit?type=ClientRemoved").json()["items"])
    entries = [entry for entry in owner.get(f"{path}/audit").json()["items"] if entry["type"] != "OrgCreated"]
    assert [entry["summary"] for entry in reversed(entries)] == [
        'Created the client "Robot"',
        'Renamed the client from "Robot" to "Machine"',
        "Changed a client's scopes from audit:read to none",
        'Issued the secret "2026" to a client',
        "Revoked a secret of a client",
        "Removed a client",
    ]
    assert {entry["request_id"] for entry in entries} == {"request-of-identity"}
    assert {entry["target"] for entry in entries} == {str(client)}


def test_the_trail_contains_platforms_but_no_check_results(running: RunningOrganizations) -> None:
    owner, other = running.user(), running.user()
    path, elsewhere = make(owner), make(other, "Others")
    organization, platform = UUID(path.rpartition("/")[2]), uuid4()
    about: dict[str, Any] = {"organization_id": organization, "platform_id": platform}
    where: dict[str, Any] = {"host": "mt5.example.com", "port": 443, "login": "1000", "fingerprint": "0f1e2d3c4b5a6978"}
    for event in (
        platforms.PlatformAdded(**about, name="Live", kind="mt5", api="none"),
        platforms.PlatformRenamed(**about, from_="Live", to="Live 1"),
        platforms.PlatformApiChosen(**about, from_="none", to="mt5-webapi"),
        platforms.PlatformCredentialsSet(**about, **where, target="api", version=1),
        platforms.PlatformStatusChanged(**about, from_="unknown", to="ok", reason=None),
        platforms.PlatformCredentialsSet(**about, **where, target="db", version=1),
        platforms.PlatformCredentialsRemoved(**about, target="db"),
        platforms.PlatformRemoved(**about),
    ):
        running.identity.publish(event, platform, organization, actor=str(owner.id))
    wait_until(lambda: owner.get(f"{path}/audit?type=PlatformRemoved").json()["items"])
    entries = [entry for entry in owner.get(f"{path}/audit").json()["items"] if entry["type"] != "OrgCreated"]
    assert [entry["summary"] for entry in reversed(entries)] == [
        'Added the trade platform "Live"',
        'Renamed the trade platform from "Live" to "Live 1"',
        "Changed the API of a trade platform from none to mt5-webapi",
        "Set the API credentials of a trade platform: 1000 at mt5.example.com:443",
        "Set the database credentials of a trade platform: 1000 at mt5.example.com:443",
        "Removed the database credentials of a trade platform",
        "Removed a trade platform",
    ]
    assert (entries[-2]["before"], entries[-2]["after"]) == ({"name": "Live"}, {"name": "Live 1"})
    assert entries[-4]["after"] == {**where, "target": "api", "version": 1}
    assert {(entry["target"], entry["actor"]) for entry in entries} == {(str(platform), str(owner.id))}
    assert [entry["type"] for entry in other.get(f"{elsewhere}/audit").json()["items"]] == ["OrgCreated"]


def test_a_platform_of_another_kind_is_in_the_trail_like_any_platform(running: RunningOrganizations) -> None:
    owner = running.user()
    path = make(owner)
    organization, platform = UUID(path.rpartition("/")[2]), uuid4()
    added = platforms.PlatformOfOtherKindAdded(
        organization_id=organization, platform_id=platform, name="Desk", kind="sample-desk", api="desk-api"
    )
    running.identity.publish(added, platform, organization, actor=str(owner.id))
    wanted = f"{path}/audit?type=PlatformOfOtherKindAdded"
    (entry,) = wait_until(lambda: owner.get(wanted).json()["items"])
    assert entry["summary"] == 'Added the trade platform "Desk" (sample-desk)'
    assert (entry["target"], entry["actor"]) == (str(platform), str(owner.id))
    assert entry["before"] is None
    assert entry["after"] == {"name": "Desk", "kind": "sample-desk", "api": "desk-api"}


def test_a_client_reads_the_organizations_events_as_on_the_bus(running: RunningOrganizations) -> None:
    owner, other = running.user(), running.user()
    path = make(owner)
    make(other, "Others")
    join(running, owner, path)
    invite(owner, path, "ann@example.com")
    client = running.client(path.rpartition("/")[2], "events:read")
    first = client.get(f"{path}/events?limit=2").json()
    assert len(first["items"]) == 2
    rest = client.get(f"{path}/events?after={first['next_cursor']}").json()
    assert rest["next_cursor"] is None
    items = first["items"] + rest["items"]
    envelopes = [Envelope.parse(json.dumps(item).encode()) for item in items]
    assert [type(one.data).__name__ for one in envelopes] == [
        "OrgCreated",
        "MemberInvited",
        "MemberJoined",
        "MemberInvited",
    ]
    assert {str(one.organization) for one in envelopes} == {path.rpartition("/")[2]}
    bus = {one.id: one for one in running.on_the_bus(path.rpartition("/")[2], len(envelopes))}
    assert bus == {one.id: one for one in envelopes}
    last = envelopes[-1].sequence
    assert client.get(f"{path}/events?after={last}").json()["items"] == []
    for wrong in ("-1", "x", str(2**63)):
        refused(client.get(f"{path}/events?after={wrong}"), 422, "invalid")
