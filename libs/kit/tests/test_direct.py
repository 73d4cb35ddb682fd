"""Direct endpoints: reached by method and path before any route, and free to leave a request to its route."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.testclient import TestClient

from kit.errors import Conflict
from kit.http import problems
from kit.http.direct import Direct, command
from kit.http.fields import Body, Name
from kit.http.idempotency import RequestKey
from kit.http.request_middleware import RequestMiddleware


class Named(Body):
    """A body."""

    name: Name


async def _who(request: Request, _: Named) -> str | None:
    return request.headers.get("x-who")


def _work(who: str, body: Named, key: RequestKey) -> Response:
    return PlainTextResponse(f"direct {who} {body.name} {key.key} {key.route} {key.body.decode()}")


@pytest.fixture
def client() -> Iterator[TestClient]:
    async def fixed(request: Request) -> Response:
        return PlainTextResponse(f"direct {(await request.body()).decode()}")

    async def thing(request: Request) -> Response | None:
        if request.scope["query_string"]:
            return None
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

    @app.post("/named")
    def named_route(body: Named) -> str:
        return f"route {body.name}"

    endpoints = {
        "POST /fixed": fixed,
        "GET /things/{id}": thing,
        "GET /refused": refused,
        "POST /named": command(_who, Named, _work),
    }
    app.add_middleware(Direct, endpoints=endpoints)
    app.add_middleware(RequestMiddleware)
    with TestClient(app) as client:
        yield client


def test_a_direct_endpoint_answers_before_its_route_and_reads_the_body(client: TestClient) -> None:
    assert client.post("/fixed", content="body").text == "direct body"


def test_a_direct_path_may_have_a_parameter(client: TestClient) -> None:
    assert client.get("/things/seven").text == "direct seven"


def test_requests_left_by_a_direct_endpoint_reach_the_route(client: TestClient) -> None:
    assert client.get("/things/seven?cursor=x").json() == "route seven"


def test_other_methods_and_longer_paths_go_to_their_routes(client: TestClient) -> None:
    assert client.put("/things/seven").json() == "put seven"
    assert client.get("/things/seven/parts").json() == "parts seven"
    assert client.get("/fixed").status_code == 405
    assert client.get("/nowhere").status_code == 404


def test_a_refusal_by_a_direct_endpoint_is_a_problem_with_the_request_id(client: TestClient) -> None:
    answer = client.get("/refused", headers={"X-Request-Id": "asked-here"})
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == "asked-here"
    assert answer.json()["detail"] == "of the endpoint"


def test_a_valid_command_bypasses_its_route(client: TestClient) -> None:
    answer = client.post("/named", json={"name": " Ann "}, headers={"x-who": "me", "idempotency-key": "k"})
    assert answer.text == 'direct me Ann k POST /named {"name":" Ann "}'
    assert client.post("/named", json={"name": "A"}, headers={"x-who": "me", "idempotency-key": ""}).status_code == 422


def test_an_invalid_command_is_read_again_by_the_route(client: TestClient) -> None:
    me = {"x-who": "me"}
    assert client.post("/named", json={"name": "Ann"}).json() == "route Ann"
    typed = {**me, "content-type": "application/json; charset=utf-8"}
    assert client.post("/named", content='{"name": "Ann"}', headers=typed).json() == "route Ann"
    wrong = client.post("/named", json={"name": "", "other": 1}, headers=me)
    assert {each["field"] for each in wrong.json()["errors"]} == {"name", "other"}
    rubbish = client.post("/named", content=b"{", headers={**me, "content-type": "application/json"})
    assert (rubbish.status_code, rubbish.json()["code"]) == (400, "malformed-body")
