"""Direct endpoints: ordinary requests are read without routing, all others are left to the route."""

from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.testclient import TestClient

from kit.errors import Conflict, Unauthenticated
from kit.http import problems
from kit.http.direct import Direct, command, listing
from kit.http.fields import Body, Name
from kit.http.idempotency import Keyed, RequestKey
from kit.http.pagination import Paged, Paging
from kit.http.request_middleware import RequestMiddleware


class Named(Body):
    """A body."""

    name: Name


async def _who(request: Request) -> str:
    if "x-who" not in request.headers:
        raise Unauthenticated
    return request.headers["x-who"]


async def _named(who: str, body: Named, key: RequestKey, id: UUID) -> Response:
    return PlainTextResponse(f"direct {who} {body.name} {id} {key.key} {key.route} {key.body.decode()}")


async def _things(who: str, paging: Paging) -> Response:
    return PlainTextResponse(f"direct {who} {paging.limit} {paging.after}")


@pytest.fixture
def client() -> Iterator[TestClient]:
    async def fixed(request: Request) -> Response:
        return PlainTextResponse(f"direct {(await request.body()).decode()}")

    async def thing(request: Request) -> Response | None:
        if request.scope["query_string"]:
            return None
        assert isinstance(request.path_params["id"], UUID)
        return PlainTextResponse(f"direct {request.path_params['id']}")

    async def refused(_: Request) -> Response:
        raise Conflict("of the endpoint")

    app = FastAPI()
    problems.install(app)

    @app.post("/fixed")
    def fixed_route() -> str:
        return "route"

    @app.get("/things/{id}")
    def thing_route(id: str) -> str:
        return f"route {id}"

    @app.put("/things/{id}")
    def put_route(id: str) -> str:
        return f"put {id}"

    @app.get("/things/{id}/parts")
    def parts_route(id: str) -> str:
        return f"parts {id}"

    @app.get("/things")
    def things_route(paging: Paged) -> str:
        return f"route {paging.limit}"

    @app.post("/things/{id}/named")
    def named_route(id: UUID, body: Named, key: Keyed) -> str:
        return f"route {body.name}"

    endpoints = {
        "POST /fixed": fixed,
        "GET /things/{id}": thing,
        "GET /refused": refused,
        "GET /things": listing(_who, _things),
        "POST /things/{id}/named": command(_who, Named, _named),
    }
    app.add_middleware(Direct, endpoints=endpoints)
    app.add_middleware(RequestMiddleware)
    with TestClient(app) as client:
        yield client


def test_a_direct_endpoint_answers_before_its_route_and_reads_the_body(client: TestClient) -> None:
    assert client.post("/fixed", content="body").text == "direct body"


@pytest.mark.parametrize("form", [str, lambda id: str(id).upper(), lambda id: id.hex])
def test_a_direct_path_may_have_an_id(client: TestClient, form: Callable[[UUID], str]) -> None:
    id = uuid4()
    assert client.get(f"/things/{form(id)}").text == f"direct {id}"


def test_requests_left_by_a_direct_endpoint_reach_the_route(client: TestClient) -> None:
    id = uuid4()
    assert client.get(f"/things/{id}?cursor=x").json() == f"route {id}"


def test_other_methods_other_parameters_and_longer_paths_go_to_their_routes(client: TestClient) -> None:
    id = uuid4()
    assert client.get("/things/seven").json() == "route seven"
    assert client.get(f"/things/{{{id}}}").json() == f"route {{{id}}}"
    assert client.put(f"/things/{id}").json() == f"put {id}"
    assert client.get(f"/things/{id}/parts").json() == f"parts {id}"
    assert client.get("/fixed").status_code == 405
    assert client.get("/nowhere").status_code == 404


def test_a_refusal_by_a_direct_endpoint_is_a_problem_with_the_request_id(client: TestClient) -> None:
    answer = client.get("/refused", headers={"X-Request-Id": "asked-here"})
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == "asked-here"
    assert answer.json()["detail"] == "of the endpoint"


ME = {"x-who": "me"}
PATH = f"/things/{UUID(int=7)}/named"


def test_a_list_is_paged_without_its_route(client: TestClient) -> None:
    assert client.get("/things", headers=ME).text == "direct me 50 None"
    assert client.get("/things?limit=7&cursor=WzFd", headers=ME).text == "direct me 7 [1]"
    assert client.get("/things").status_code == 401


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "limit=", "cursor=x", "cursor=%ff"])
def test_wrong_paging_is_refused_by_the_route(client: TestClient, query: str) -> None:
    answer = client.get(f"/things?{query}", headers=ME)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, query.partition("=")[0])


def test_other_parameters_of_a_list_are_left_to_the_route(client: TestClient) -> None:
    assert client.get("/things?limit=7&deleted=true", headers=ME).json() == "route 7"


def test_a_valid_command_bypasses_its_route(client: TestClient) -> None:
    answer = client.post(PATH, json={"name": " Ann "}, headers={**ME, "idempotency-key": "k"})
    assert answer.text == f'direct me Ann {UUID(int=7)} k POST {PATH} {{"name":" Ann "}}'
    assert client.post(PATH, json={"name": "Ann"}).status_code == 401


def test_an_invalid_command_is_read_again_by_the_route(client: TestClient) -> None:
    typed = {**ME, "content-type": "application/json; charset=utf-8"}
    assert client.post(PATH, content='{"name": "Ann"}', headers=typed).json() == "route Ann"
    wrong = client.post(PATH, json={"name": "", "other": 1}, headers=ME)
    assert {each["field"] for each in wrong.json()["errors"]} == {"name", "other"}
    rubbish = client.post(PATH, content=b"{", headers={**ME, "content-type": "application/json"})
    assert (rubbish.status_code, rubbish.json()["code"]) == (400, "malformed-body")
    for key in ("", "k" * 256):
        assert client.post(PATH, json={"name": "A"}, headers={**ME, "idempotency-key": key}).status_code == 422
