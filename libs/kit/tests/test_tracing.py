"""Spans: parents, contents, and an unreachable collector."""

import socket
import time
from collections.abc import Iterator

import pytest
from opentelemetry.trace import SpanKind
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router
from starlette.testclient import TestClient

from kit.context import acting, cause
from kit.errors import NotFound
from kit.http.request_middleware import RequestMiddleware
from kit.telemetry import tracing
from kit.tests.collector import Collector

OUTSIDE = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-00"
SECRET = "hunter2-hunter2"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector.running() as made:
        tracing.setup("test", made.address, 1.0)
        yield made
        tracing.finish()


def _app() -> RequestMiddleware:
    async def thing(request: Request) -> Response:
        with tracing.span("inside"):
            return JSONResponse({"traceparent": cause().traceparent})

    async def broken(_: Request) -> Response:
        raise ValueError(SECRET)

    return RequestMiddleware(Router([Route("/things/{id}", thing), Route("/broken", broken), Route("/readyz", thing)]))


def test_a_span_has_the_route_and_no_other_data(collector: Collector) -> None:
    client = TestClient(_app(), raise_server_exceptions=False)
    client.get(f"/things/{SECRET}", params={"code": SECRET}, headers={"X-Request-Id": "r-1", "Cookie": SECRET})
    assert client.get("/broken").status_code == 500
    client.get("/readyz")
    tracing.finish()
    things, broken = collector.named("GET /things/{id}"), collector.named("GET /broken")
    assert things[0].attributes["tradehall.request_id"].string_value == "r-1"
    assert things[0].attributes["http.response.status_code"].int_value == 200
    assert [span.name for span in collector.above(collector.named("inside")[0])] == ["inside", "GET /things/{id}"]
    assert (things[0].failed, broken[0].failed) == (False, True)
    assert len(collector.spans) == 3, "probes are not traced"
    assert SECRET.encode() not in collector.raw


def test_a_caller_may_continue_its_trace_but_not_switch_it_off(collector: Collector) -> None:
    client = TestClient(_app())
    told = client.get("/things/1", headers={"traceparent": OUTSIDE}).json()["traceparent"]
    client.get("/things/2", headers={"traceparent": OUTSIDE.replace("0123456789abcdef", "0" * 16)})
    tracing.finish()
    mine, other = collector.named("GET /things/{id}")
    assert (mine.trace, mine.parent) == (OUTSIDE[3:35], OUTSIDE[36:52])
    assert told.startswith(f"00-{mine.trace}-")
    assert told.endswith("-01")
    assert other.parent == ""


def test_a_span_has_the_type_of_an_error_and_no_refusal(collector: Collector) -> None:
    with tracing.request(None, "GET"):
        for error in (ValueError(SECRET), NotFound(SECRET)):
            with pytest.raises(type(error)), tracing.span(type(error).__name__):
                raise error
    tracing.finish()
    (wrong,), (refused,) = collector.named("ValueError"), collector.named("NotFound")
    assert (wrong.failed, wrong.attributes["error.type"].string_value) == (True, "ValueError")
    assert (refused.failed, refused.attributes["error.type"].string_value) == (False, "NotFound")
    assert SECRET.encode() not in collector.raw


def test_only_requests_start_traces(collector: Collector) -> None:
    with tracing.span("alone"), tracing.following(None, "alone"), tracing.following("nonsense", "alone"):
        assert cause().traceparent is None
    tracing.started(None, "alone", SpanKind.PRODUCER).end()
    tracing.finish()
    assert collector.spans == []


def test_traces_are_sampled_by_trace_id() -> None:
    with Collector.running() as collector:
        tracing.setup("test", collector.address, 0.0)
        with tracing.request(OUTSIDE[:-1] + "1", "GET") as span:
            assert tracing.traceparent_of(span) != OUTSIDE, "it goes on, for who comes after"
        tracing.finish()
        assert collector.spans == []


def test_without_tracing_the_callers_traceparent_is_propagated() -> None:
    with acting(traceparent=OUTSIDE), tracing.span("nothing"):
        assert cause().traceparent == OUTSIDE


@pytest.mark.parametrize("how", ["closed", "silent"])
def test_an_unreachable_collector_slows_no_request(how: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        if how == "closed":
            server.close()
        tracing.setup("test", f"http://127.0.0.1:{port}", 1.0)
        began = time.monotonic()
        with tracing.request(None, "GET"):
            for _ in range(5000):
                with tracing.span("one"):
                    pass
        tracing.finish()
        assert time.monotonic() - began < 5, "spans are dropped, and the end is not put off"
