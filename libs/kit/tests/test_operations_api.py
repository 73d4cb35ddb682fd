"""The lists of operators: under their names, and under those of release 0.1.0, which are deprecated."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from prometheus_client import REGISTRY
from pydantic import SecretStr

from kit.http import problems
from kit.http.openapi import Application
from kit.messaging.bus import Bus
from kit.messaging.consumer import ConsumerRunner
from kit.messaging.inbox import Inbox
from kit.messaging.relay import Relay
from kit.operations import api
from kit.tests.notebook import Notebook, translate
from kit.tests.test_delivery import STREAM, parse

HERE = "/api/v1/operations/notebook"
EVENT = b'{"id": "x", "source": "/s/1", "subject": "a", "sequence": 1, "type": "t"}'


@pytest.fixture
def operator(notebook: Notebook) -> Iterator[TestClient]:
    bus = Bus("nats://127.0.0.1:1", "notebook", SecretStr("x"))
    consumer = ConsumerRunner(bus, "OTHER", "evt.>", Inbox(notebook.database, "of-the-test", parse, {}))
    app = Application()
    problems.install(app)
    for router in api.routes(
        "notebook", notebook.database, Relay(notebook, bus, STREAM, translate), [consumer], lambda: None
    ):
        app.include_router(router)
    with TestClient(app) as client:
        yield client


def dead_letter(book: Notebook) -> int:
    row = book.database.one(
        "INSERT INTO parked (durable, source, subject, sequence, type, payload, error, attempts) "
        "VALUES ('of-the-test', '/s/1', 'a', (SELECT count(*) FROM parked), 't', %s, 'e', 3) RETURNING id",
        (EVENT,),
    )
    assert row is not None
    return int(row["id"])


@pytest.mark.parametrize(("letters", "log"), [("dead-letters", "operator-log"), ("parked", "interventions")])
def test_dead_letters_are_replayed_and_discarded_and_logged(
    operator: TestClient, notebook: Notebook, letters: str, log: str
) -> None:
    replayed = dead_letter(notebook)
    assert [one["id"] for one in operator.get(f"{HERE}/{letters}").json()["items"]] == [replayed]
    assert operator.post(f"{HERE}/{letters}/{replayed}/replay").json() == {"replayed": 1}
    discarded = dead_letter(notebook)
    assert operator.post(f"{HERE}/{letters}/{discarded}/discard", json={"reason": "a test"}).status_code == 204
    assert operator.post(f"{HERE}/{letters}/{discarded}/discard", json={"reason": "a test"}).status_code == 404
    assert operator.get(f"{HERE}/{letters}").json()["items"] == []
    logged = operator.get(f"{HERE}/{log}").json()["items"]
    assert [(one["action"], one["reason"]) for one in logged] == [("discarded", "a test"), ("replayed", None)]


def test_the_names_of_the_last_release_keep_their_operations_and_are_deprecated(operator: TestClient) -> None:
    paths = operator.get("/openapi.json").json()["paths"]
    found = {
        operation["operationId"]: operation.get("deprecated", False)
        for item in paths.values()
        for operation in item.values()
        if operation["operationId"] != "overview_of_notebook"
    }
    assert found == {
        "list_operator_log_of_notebook": False,
        "list_dead_letters_of_notebook": False,
        "replay_dead_letter_of_notebook": False,
        "discard_dead_letter_of_notebook": False,
        "list_interventions_of_notebook": True,
        "list_parked_of_notebook": True,
        "replay_parked_of_notebook": True,
        "discard_parked_of_notebook": True,
    }
    assert f"{HERE}/parked/{{parked}}/replay" in paths


def test_dead_letters_are_counted_under_both_names(operator: TestClient, notebook: Notebook) -> None:
    dead_letter(notebook)
    for name in ("tradehall_dead_letters", "tradehall_parked_messages"):
        assert REGISTRY.get_sample_value(name, {"durable": "of-the-test"}) == 1.0
