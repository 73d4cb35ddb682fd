"""Messages that identity set aside, as operators see them over HTTP."""

import json
import logging
from collections.abc import Iterator
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from embedded.postgres import Postgres
from identity.tests.parts import settings
from identity.tests.running import Running

PATH = "/api/v1/operations/identity/parked"


@pytest.fixture(scope="module")
def service(postgres_server: Postgres) -> Iterator[Running]:
    with Running(settings(postgres_server.create_database(f"operations_{uuid4().hex}"))) as service:
        yield service


@pytest.fixture(scope="module")
def operator(service: Running) -> TestClient:
    """The first person."""
    return service.caller("operator@example.com")


def park(service: Running, *payloads: str) -> list[int]:
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


def test_operators_alone_see_and_touch_parked_messages(service: Running, operator: TestClient) -> None:
    (parked,) = park(service, UNKNOWN)
    other = service.caller("other@example.com")
    for method, path in (("GET", ""), ("POST", f"/{parked}/replay"), ("POST", f"/{parked}/discard")):
        refused = other.request(method, PATH + path, json={"reason": "mine"} if method == "POST" else None)
        assert (refused.status_code, refused.json()["code"]) == (403, "operator-needed")
        assert service.browser().request(method, PATH + path).status_code == 401
    (shown,) = [each for each in operator.get(PATH).json()["items"] if each["id"] == parked]
    assert (shown["payload"], shown["error"]) == (UNKNOWN, "KeyError: gone")


def test_the_list_goes_on_by_cursor(service: Running, operator: TestClient) -> None:
    first, second = park(service, UNKNOWN, UNKNOWN)
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        body = operator.get(PATH, params={"limit": 1, **({"cursor": cursor} if cursor else {})}).json()
        seen += [each["id"] for each in body["items"]]
        cursor = body["next_cursor"]
    assert seen[-2:] == [first, second]


def test_a_message_that_fails_again_stays_and_can_be_discarded_with_a_reason(
    service: Running, operator: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    (parked,) = park(service, "no JSON")
    failed = operator.post(f"{PATH}/{parked}/replay")
    assert (failed.status_code, failed.json()["code"]) == (409, "replay-failed")
    assert operator.post(f"{PATH}/{parked}/discard", json={"reason": " "}).status_code == 422
    with caplog.at_level(logging.WARNING, "kit.operations"):
        assert operator.post(f"{PATH}/{parked}/discard", json={"reason": "not ours"}).status_code == 204
    assert f"{service.user('operator@example.com').id} discarded" in caplog.text
    assert "not ours" in caplog.text
    assert operator.post(f"{PATH}/{parked}/discard", json={"reason": "again"}).status_code == 404


def test_replaying_applies_all_of_a_subject(service: Running, operator: TestClient) -> None:
    parked, _ = park(service, UNKNOWN, UNKNOWN)
    assert operator.post(f"{PATH}/{parked}/replay").json() == {"replayed": 2}
    assert operator.post(f"{PATH}/{parked}/replay").status_code == 404
