"""Dead letters of identity in the HTTP API for operators."""

import json
import logging
from collections.abc import Iterator
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from psycopg.errors import RaiseException

from identity.service import IdentityService
from identity.tests.container import settings
from identity.tests.running_service import RunningIdentity
from testing.servers import Databases

OVERVIEW = "/api/v1/operations/identity"
PATH = f"{OVERVIEW}/parked"
RECORD = f"{OVERVIEW}/interventions"


@pytest.fixture(scope="module")
def service(databases: Databases) -> Iterator[RunningIdentity]:
    with RunningIdentity(settings(databases.of(IdentityService))) as service:
        yield service


@pytest.fixture(scope="module")
def operator(service: RunningIdentity) -> TestClient:
    """The first person."""
    return service.caller("operator@example.com")


def park(service: RunningIdentity, *payloads: str) -> list[int]:
    """Messages of one subject; answers their ids."""
    subject, ids = uuid4().hex, []
    for number, payload in enumerate(payloads, 1):
        row = service.parts.database.one(
            "INSERT INTO parked (durable, source, subject, sequence, type, payload, error, attempts) "
            "VALUES ('identity-organizations', %s, %s, %s, 'x', %s, 'KeyError: gone', 3) RETURNING id",
            (f"/organizations/{subject}", subject, number, payload.encode()),
        )
        assert row is not None
        ids.append(row["id"])
    return ids


UNKNOWN = json.dumps(
    {
        "specversion": "1.0",
        "id": "organizations-1-1",
        "source": "/organizations/1",
        "type": "tradehall.organizations.NobodyKnows.v1",
        "subject": str(uuid4()),
        "time": "2026-01-02T03:04:05Z",
        "datacontenttype": "application/json",
        "dataschema": "urn:tradehall:NobodyKnows",
        "sequence": 1,
        "version": 1,
        "data": {},
    }
)


def test_only_operators_read_and_change_dead_letters(service: RunningIdentity, operator: TestClient) -> None:
    (parked,) = park(service, UNKNOWN)
    other = service.caller("other@example.com")
    paths = (("GET", OVERVIEW), ("GET", RECORD), ("GET", PATH), ("POST", f"{PATH}/{parked}/replay"))
    for method, path in (*paths, ("POST", f"{PATH}/{parked}/discard")):
        refused = other.request(method, path, json={"reason": "mine"} if method == "POST" else None)
        assert (refused.status_code, refused.json()["code"]) == (403, "operator-needed")
        assert service.browser().request(method, path).status_code == 401
    (shown,) = [each for each in operator.get(PATH).json()["items"] if each["id"] == parked]
    assert (shown["payload"], shown["error"]) == (UNKNOWN, "KeyError: gone")


def test_dead_letters_come_in_pages(service: RunningIdentity, operator: TestClient) -> None:
    first, second = park(service, UNKNOWN, UNKNOWN)
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        body = operator.get(PATH, params={"limit": 1, **({"cursor": cursor} if cursor else {})}).json()
        seen += [each["id"] for each in body["items"]]
        cursor = body["next_cursor"]
    assert seen[-2:] == [first, second]


def test_a_message_that_fails_again_stays_until_it_is_discarded(
    service: RunningIdentity, operator: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    (parked,) = park(service, "no JSON")
    failed = operator.post(f"{PATH}/{parked}/replay")
    assert (failed.status_code, failed.json()["code"]) == (409, "replay-failed")
    assert operator.post(f"{PATH}/{parked}/discard", json={"reason": " "}).status_code == 422
    with caplog.at_level(logging.WARNING, "kit.operations.api"):
        assert operator.post(f"{PATH}/{parked}/discard", json={"reason": "not ours"}).status_code == 204
    assert f"{service.user('operator@example.com').id} discarded" in caplog.text
    assert "not ours" in caplog.text
    assert operator.post(f"{PATH}/{parked}/discard", json={"reason": "again"}).status_code == 404
    (noted,) = operator.get(RECORD, params={"limit": 1}).json()["items"]
    assert (noted["action"], noted["reason"], noted["sequence"]) == ("discarded", "not ours", 1)
    assert noted["actor"] == str(service.user("operator@example.com").id)


def test_replaying_applies_all_of_a_subject(service: RunningIdentity, operator: TestClient) -> None:
    parked, _ = park(service, UNKNOWN, UNKNOWN)
    assert operator.post(f"{PATH}/{parked}/replay").json() == {"replayed": 2}
    assert operator.post(f"{PATH}/{parked}/replay").status_code == 404
    first = operator.get(RECORD, params={"limit": 1}).json()
    after = operator.get(RECORD, params={"limit": 1, "cursor": first["next_cursor"]}).json()
    noted = [first["items"][0], after["items"][0]]
    assert [(one["action"], one["sequence"]) for one in noted] == [("replayed", 2), ("replayed", 1)]


def test_the_operator_log_is_append_only(service: RunningIdentity, operator: TestClient) -> None:
    (parked,) = park(service, UNKNOWN)
    operator.post(f"{PATH}/{parked}/discard", json={"reason": "for the record"})
    for change in ("UPDATE interventions SET actor = NULL", "DELETE FROM interventions", "TRUNCATE interventions"):
        with pytest.raises(RaiseException, match="only added to"), service.parts.database.transaction() as cursor:
            cursor.execute(change.encode())


def test_the_overview_shows_health_and_dead_letters_without_the_bus(
    service: RunningIdentity, operator: TestClient
) -> None:
    park(service, UNKNOWN)
    shown = operator.get(OVERVIEW).json()
    assert (shown["service"], shown["health"]["database"]) == ("identity", "ok")
    assert shown["health"]["bus"].startswith("out of reach")
    assert shown["published"] is None
    assert shown["reading"] == [{"durable": "identity-organizations", "pending": None, "in_hand": None}]
    assert shown["parked"] > 0


def test_the_gauge_of_dead_letters_follows_the_table(service: RunningIdentity) -> None:
    def gauge() -> float:
        lines = service.browser().get("/metrics").text.splitlines()
        (line,) = [each for each in lines if each.startswith('tradehall_parked_messages{durable="identity-org')]
        return float(line.rpartition(" ")[2])

    before = gauge()
    park(service, UNKNOWN)
    assert gauge() == before + 1
    service.parts.database.execute("DELETE FROM parked")
    assert gauge() == 0


def test_the_account_shows_whether_the_user_is_operator(service: RunningIdentity, operator: TestClient) -> None:
    assert operator.get("/api/v1/me").json()["operator"] is True
    assert service.caller("plain@example.com").get("/api/v1/me").json()["operator"] is False
