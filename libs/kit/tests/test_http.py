"""The edge of a service: problems, request ids, limits, idempotency, pages, and a database that is away."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any
from uuid import UUID, uuid4

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from pydantic import BaseModel, Field, SecretStr, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse

from embedded.postgres import Postgres
from embedded.signals import frozen
from kit.context import cause
from kit.errors import Invalid, Refusal, TooManyRequests
from kit.http import problems
from kit.http.fields import Body, Instant, Name
from kit.http.idempotency import Idempotency, Keyed, RequestKey, created
from kit.http.openapi import Application
from kit.http.pagination import Page, Paged
from kit.http.request_middleware import RequestMiddleware, address_of
from kit.settings import HttpSettings
from kit.tests.notebook import Notebook, open_notebook
from testing.waiting import wait_until


class NoteBody(Body):
    title: Name
    stars: Annotated[int, Field(ge=0)] = 0


class NoteShown(BaseModel):
    id: UUID
    title: str


class Teapot(Refusal):
    status = 418
    code = "teapot"
    title = "This is a teapot"


def routes(book: Notebook) -> APIRouter:
    router = APIRouter()
    idempotency = Idempotency(book, b"s" * 32)

    @router.post("/notes")
    def write(body: NoteBody, key: Keyed) -> JSONResponse:
        def work() -> JSONResponse:
            note = book.write(body.title)
            return created(NoteShown(id=note, title=body.title), f"/notes/{note}")

        return idempotency.once(key, "caller", work)

    @router.get("/notes")
    def notes(paging: Paged) -> Page[NoteShown]:
        (after,) = paging.after_key(str) or ("",)
        rows = book.database.all(
            "SELECT id, title FROM notes WHERE title > %s ORDER BY title LIMIT %s", (after, paging.limit + 1)
        )
        return paging.page(rows, lambda row: NoteShown(**row), lambda row: [row["title"]])

    @router.get("/notes/{note}")
    def note(note: UUID) -> dict[str, str]:
        return {"note": str(note)}

    @router.get("/refusals/{kind}")
    def refuse(kind: str) -> None:
        raise {
            "teapot": Teapot(),
            "slow": TooManyRequests(retry_after=7),
            "field": Invalid("name", "is odd"),
        }[kind]

    @router.get("/cause")
    def who() -> dict[str, Any]:
        return {"correlation": cause().correlation, "actor": cause().actor}

    return router


@pytest.fixture
def http(notebook: Notebook) -> TestClient:
    return client_of(notebook)


def client_of(book: Notebook) -> TestClient:
    app = Application()
    problems.install(app)
    app.include_router(routes(book))
    app.add_middleware(RequestMiddleware)
    return TestClient(app, raise_server_exceptions=False)


def test_a_refusal_is_a_problem_with_its_code_and_headers(http: TestClient) -> None:
    answer = http.get("/refusals/teapot")
    assert answer.status_code == 418
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:tradehall:problem:teapot",
        "title": "This is a teapot",
        "status": 418,
        "detail": "This is a teapot",
        "code": "teapot",
    }
    assert http.get("/refusals/slow").headers["retry-after"] == "7"
    assert http.get("/refusals/field").json()["errors"] == [{"field": "name", "message": "is odd"}]


def test_an_unexpected_error_is_answered_without_internals(http: TestClient) -> None:
    answer = http.get("/refusals/unknown", headers={"X-Request-Id": "my-request"})
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal-error"
    assert "my-request" in answer.json()["detail"]
    assert "KeyError" not in answer.text


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"title": "x" * 101}, 422, "title"),
        ({"title": ""}, 422, "title"),
        ({"title": "a\nb"}, 422, "title"),
        ({"title": "a\u202eb"}, 422, "title"),
        ({"title": "a\u0000b"}, 422, "title"),
        ({"title": 7}, 422, "title"),
        ({"title": "a", "stars": -1}, 422, "stars"),
        ({"title": "a", "unknown": 1}, 422, "unknown"),
        ({}, 422, "title"),
        ([], 422, "body"),
    ],
)
def test_a_wrong_value_names_its_field_and_stores_nothing(
    http: TestClient, notebook: Notebook, body: Any, status: int, field: str
) -> None:
    answer = http.post("/notes", json=body)
    assert answer.status_code == status
    assert answer.json()["errors"][0]["field"] == field
    assert notebook.recorder.max_notification_id() is None


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe{}", b'{"title": "\\ud800"}', b'{"title": NaN}'])
def test_a_body_that_is_no_json_in_utf_8_is_refused(http: TestClient, body: bytes) -> None:
    answer = http.post("/notes", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_over_one_mebibyte_is_413_declared_or_not(http: TestClient) -> None:
    large = json.dumps({"title": "x" * 1_100_000}).encode()
    assert http.post("/notes", content=large).json()["code"] == "body-too-large"

    def chunks() -> Iterator[bytes]:
        for start in range(0, len(large), 65536):
            yield large[start : start + 65536]

    headers = {"Content-Type": "application/json"}
    assert http.post("/notes", content=chunks(), headers=headers).status_code == 413


def test_unknown_paths_ids_and_methods_are_problems_too(http: TestClient) -> None:
    assert http.get("/nowhere").json()["code"] == "not-found"
    assert http.get("/notes/not-a-uuid").status_code == 404
    answer = http.delete("/notes")
    assert (answer.json()["code"], answer.headers["allow"]) == ("method-not-allowed", "GET, POST")


@pytest.mark.parametrize("given", ["0.5", "1772443800", "2026-03-02", "2026-03-02T09:30:00", "2026-03-02 09:30:00Z"])
def test_only_rfc_3339_times_are_accepted(given: str) -> None:
    assert TypeAdapter(Instant).validate_python("2026-03-02T09:30:00+02:00").tzinfo
    with pytest.raises(ValidationError, match="must be a time with its zone"):
        TypeAdapter(Instant).validate_python(given)


def test_the_document_lists_every_refusal_and_header(http: TestClient) -> None:
    document = http.get("/openapi.json").json()
    answers = document["paths"]["/notes"]["post"]["responses"]
    assert list(answers) == ["200", "400", "413", "422", "503"]
    assert all("X-Request-Id" in answer["headers"] for answer in answers.values())
    assert "Retry-After" in answers["503"]["headers"]
    assert list(answers["422"]["content"]) == ["application/problem+json"]
    assert document["components"]["examples"]["malformed-body"]["value"]["status"] == 400
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_every_answer_carries_the_request_id_and_a_bad_one_is_replaced(http: TestClient) -> None:
    assert http.get("/cause", headers={"X-Request-Id": "abc-1"}).json()["correlation"] == "abc-1"
    for bad in ("x" * 65, "a b", "<script>"):
        answer = http.get("/cause", headers={"X-Request-Id": bad})
        assert answer.headers["x-request-id"] == answer.json()["correlation"] != bad
    assert http.get("/nowhere").headers["x-request-id"]


def test_a_repeated_idempotency_key_returns_the_first_answer(http: TestClient, notebook: Notebook) -> None:
    headers = {"Idempotency-Key": "key-1"}
    first = http.post("/notes", json={"title": "once"}, headers=headers)
    again = http.post("/notes", json={"title": "once"}, headers=headers)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert first.headers["location"] == again.headers["location"]
    assert len(notebook.read(0, 10)) == 1
    reused = http.post("/notes", json={"title": "another"}, headers=headers)
    assert (reused.status_code, reused.json()["code"]) == (409, "idempotency-key-reused")
    assert http.post("/notes", json={"title": "x"}, headers={"Idempotency-Key": "k" * 256}).status_code == 422


def test_a_stored_answer_cannot_be_read_without_its_key(http: TestClient, notebook: Notebook) -> None:
    http.post("/notes", json={"title": "very secret title"}, headers={"Idempotency-Key": "key-1"})
    row = notebook.database.one("SELECT * FROM idempotency")
    assert row is not None
    assert b"very secret" not in bytes(row["answer"])
    assert b"key-1" not in bytes(row["key_hash"])


def test_a_refused_request_leaves_no_stored_answer(http: TestClient, notebook: Notebook) -> None:
    assert http.post("/notes", json={}, headers={"Idempotency-Key": "key-1"}).status_code == 422
    assert http.post("/notes", json={"title": "now right"}, headers={"Idempotency-Key": "key-1"}).status_code == 201


def test_a_list_is_paged_by_cursor_and_a_foreign_cursor_is_refused(http: TestClient, notebook: Notebook) -> None:
    for title in "abcde":
        notebook.write(title)
    first = http.get("/notes", params={"limit": 3}).json()
    second = http.get("/notes", params={"limit": 3, "cursor": first["next_cursor"]}).json()
    assert [item["title"] for item in first["items"] + second["items"]] == list("abcde")
    assert second["next_cursor"] is None
    for params in ({"cursor": "!!"}, {"cursor": "e30"}, {"limit": "0"}, {"limit": "201"}, {"limit": "x"}):
        assert http.get("/notes", params=params).status_code == 422


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "10.0.0.1, 203.0.113.9", "203.0.113.9"),
        ("203.0.113.50", "198.51.100.1", "203.0.113.50"),
        ("127.0.0.1", "203.0.113.9, 192.0.2.1", "203.0.113.9"),
        ("192.0.2.2", "203.0.113.9", "192.0.2.2"),
        ("127.0.0.1", "rubbish", "127.0.0.1"),
        ("127.0.0.1", "2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
    ],
)
def test_forwarded_addresses_are_trusted_only_from_our_proxy(peer: str, forwarded: str, expected: str) -> None:
    scope = {"type": "http", "client": (peer, 1), "headers": [(b"x-forwarded-for", forwarded.encode())]}
    settings = HttpSettings(
        service_port=0,
        postgres_dsn=SecretStr(""),
        master_key=SecretStr(""),
        public_url="https://tradehall.example",
        trusted_proxies="127.0.0.1/32,::1/128",
        front_proxies="192.0.2.1/32 198.51.100.77/32",
    )
    assert address_of(Request(scope), settings.proxies) == expected


def test_a_frozen_or_stopped_database_is_503_within_five_seconds() -> None:
    with Postgres(fsync=False) as server:
        book = open_notebook(server.create_database("frozen"))
        http = client_of(book)
        assert http.post("/notes", json={"title": "before"}).status_code == 201
        with frozen(server.pid):
            started = time.monotonic()
            answer = http.post("/notes", json={"title": "frozen"})
            took = time.monotonic() - started
        assert (answer.status_code, answer.json()["code"]) == (503, "service-unavailable")
        assert "retry-after" in answer.headers
        assert took < 5
        server.stop()
        assert http.post("/notes", json={"title": "dead"}).status_code == 503
        server.start()
        wait_until(lambda: http.post("/notes", json={"title": str(uuid4())}).status_code == 201, timeout=20)
        titles = {row["title"] for row in book.database.all("SELECT title FROM notes")}
        assert "dead" not in titles
        book.database.close()


def test_the_stored_answers_of_a_caller_can_be_deleted(notebook: Notebook) -> None:
    idempotency = Idempotency(notebook, b"s" * 32)
    times: list[str] = []

    def ask(caller: str) -> None:
        def work() -> JSONResponse:
            times.append(caller)
            return JSONResponse({"caller": caller})

        idempotency.once(RequestKey("key-1", "POST /notes", b"{}"), caller, work)

    for caller in ("ann", "bob", "ann", "bob"):
        ask(caller)
    assert (times, idempotency.forget("ann"), idempotency.forget("ann")) == (["ann", "bob"], 1, 0)
    ask("ann")
    ask("bob")
    assert times == ["ann", "bob", "ann"]


def test_a_refusal_caused_by_the_same_key_returns_the_stored_answer(notebook: Notebook) -> None:
    idempotency = Idempotency(notebook, b"s" * 32)
    request = RequestKey("key-1", "POST /notes", b"{}")

    def first() -> JSONResponse:
        return created(NoteShown(id=notebook.write("one name"), title="one name"), "/notes")

    def second() -> JSONResponse:
        with ThreadPoolExecutor(1) as pool:  # a transaction of its own, which is committed first
            pool.submit(idempotency.once, request, "ann", first).result()
        raise Teapot

    answer = idempotency.once(request, "ann", second)
    assert (answer.status_code, answer.headers["location"]) == (201, "/notes")
    assert [str(note.aggregate_id) for note in notebook.read(0, 10)] == [json.loads(bytes(answer.body))["id"]]
    with pytest.raises(Teapot):
        idempotency.once(RequestKey("key-2", "POST /notes", b"{}"), "ann", _refusing)


def _refusing() -> JSONResponse:
    raise Teapot
