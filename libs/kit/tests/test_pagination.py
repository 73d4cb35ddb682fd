"""Cursors are input: each list takes its own, and answers any other with 422 `invalid` for the field `cursor`."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from kit.errors import Invalid
from kit.http import problems
from kit.http.openapi import Application
from kit.http.pagination import Paging, Unsigned
from kit.messaging.bus import Bus
from kit.messaging.relay import Relay
from kit.operations import api
from kit.tests.notebook import Notebook, translate
from kit.tests.test_delivery import STREAM

ID = UUID("00000000-0000-0000-0000-0000000000aa")
TIME = datetime(2026, 1, 2, 3, 4, 5, 6, UTC)


def test_the_start_of_a_list_has_no_key() -> None:
    assert Paging().after_key(int) is None


def test_sort_values_are_read_typed() -> None:
    assert Paging(after=[7]).after_key(int) == (7,)
    assert Paging(after=["x"]).after_key(str) == ("x",)
    assert Paging(after=[TIME.isoformat(), str(ID)]).after_key(datetime, UUID) == (TIME, ID)
    assert Paging(after=["x", 2**64 - 1, 0]).after_key(str, Unsigned, Unsigned) == ("x", 2**64 - 1, 0)


@pytest.mark.parametrize(
    ("after", "kinds"),
    [
        ([], (int,)),
        ([1, 2], (int,)),
        (["1"], (int,)),
        ([True], (int,)),
        ([2**63], (int,)),
        ([-1], (Unsigned,)),
        ([2**64], (Unsigned,)),
        ([True], (Unsigned,)),
        ([1], (str,)),
        (["a\0b"], (str,)),
        (["\ud800"], (str,)),
        (["2026-01-02T03:04:05", str(ID)], (datetime, UUID)),
        (["yesterday", str(ID)], (datetime, UUID)),
        ([TIME.isoformat(), "no id"], (datetime, UUID)),
        ([TIME.isoformat(), 1], (datetime, UUID)),
        ([1, str(ID)], (datetime, UUID)),
        ([TIME.isoformat()], (datetime, UUID)),
    ],
)
def test_the_key_of_another_list_is_refused(after: list[Any], kinds: tuple[Any, ...]) -> None:
    with pytest.raises(Invalid) as refused:
        Paging(after=after).after_key(*kinds)
    assert [error.field for error in refused.value.errors] == ["cursor"]


@pytest.fixture
def operator(notebook: Notebook) -> Iterator[TestClient]:
    relay = Relay(notebook, Bus("nats://127.0.0.1:1", "notebook", SecretStr("x")), STREAM, translate)
    app = Application()
    problems.install(app)
    for router in api.routes("notebook", notebook.database, relay, [], lambda: None):
        app.include_router(router)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize("path", ["parked", "interventions"])
@pytest.mark.parametrize(
    "cursor",
    [
        "W3RydWVd",  # [true]
        encoded([TIME.isoformat(), str(ID)]),
        encoded([]),
        encoded(["x"]),
        encoded([2**63]),
        encoded([1.5]),
        encoded([None]),
        encoded({"id": 1}),
        "[" * 400,
        "!!",
        "\u00e9",
    ],
)
def test_a_foreign_cursor_is_refused_by_every_operator_list(operator: TestClient, path: str, cursor: str) -> None:
    answer = operator.get(f"/api/v1/operations/notebook/{path}", params={"cursor": cursor})
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == "invalid"
    assert [error["field"] for error in answer.json()["errors"]] == ["cursor"]


def test_an_operator_list_continues_from_its_cursor(operator: TestClient, notebook: Notebook) -> None:
    for number in range(3):
        notebook.database.execute(
            "INSERT INTO parked (durable, source, subject, sequence, type, payload, error, attempts) "
            "VALUES ('d', 's', %s, %s, 't', '', 'e', 1)",
            (str(uuid4()), number),
        )
    first = operator.get("/api/v1/operations/notebook/parked", params={"limit": 2}).json()
    rest = operator.get("/api/v1/operations/notebook/parked", params={"cursor": first["next_cursor"]}).json()
    assert [one["sequence"] for one in (*first["items"], *rest["items"])] == [0, 1, 2]
    assert rest["next_cursor"] is None
