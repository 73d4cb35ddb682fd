"""What surrounds each handler on the bus: its span, in-progress acks, refusals; without a bus."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import nats.errors
import psycopg
import pytest
from faststream import ContextRepo
from faststream.exceptions import NackMessage, RejectMessage
from faststream.message import StreamMessage
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from kit.context import cause
from kit.errors import Unavailable
from kit.messaging import consumer, middlewares
from kit.messaging.middlewares import AnswerMiddleware, DeliveryMiddleware
from kit.telemetry import tracing
from testing.waiting import reached

TRACE = f"00-{'ab' * 16}-{'cd' * 8}-01"


@dataclass
class Incoming:
    """A message as FastStream hands it over. The first in-progress acks raise `failures`."""

    headers: dict[str, str] = field(default_factory=dict)
    reply: str = "_INBOX_asker.1"
    failures: list[Exception] = field(default_factory=list)
    acks: int = 0

    @property
    def raw_message(self) -> SimpleNamespace:
        return SimpleNamespace(reply=self.reply, subject="rpc.word")

    async def in_progress(self) -> None:
        self.acks += 1
        if self.failures:
            raise self.failures.pop()


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing, "_tracer", provider.get_tracer("test"))
    return exporter


def deliver(handler: Callable[[Any], Awaitable[str]], message: Incoming) -> Any:
    middleware = DeliveryMiddleware(None, context=ContextRepo(), stream="NOTEBOOK", durable="reader")
    return asyncio.run(_consumed(middleware, handler, message))


def answer(handler: Callable[[Any], Awaitable[str]], message: Incoming) -> Any:
    return asyncio.run(_consumed(AnswerMiddleware(None, context=ContextRepo()), handler, message))


async def _consumed(middleware: Any, handler: Callable[[Any], Awaitable[str]], message: Incoming) -> Any:
    """Also checks that the middleware leaves nothing behind that runs."""
    try:
        return await middleware.consume_scope(handler, cast(StreamMessage[Any], message))
    finally:
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}


async def done(_: Any) -> str:
    return f"done in {cause().traceparent}"


def only(exporter: InMemorySpanExporter) -> ReadableSpan:
    [span] = exporter.get_finished_spans()
    return span


def test_a_delivery_is_a_span_of_its_trace_and_tells_the_outcome(spans: InMemorySpanExporter) -> None:
    outcome = deliver(done, Incoming({"traceparent": TRACE, "Nats-Msg-Id": "notebook-e-7"}))
    span = only(spans)
    assert (span.name, span.kind, span.parent and f"{span.parent.span_id:x}") == (
        "process reader",
        SpanKind.CONSUMER,
        "cd" * 8,
    )
    assert span.attributes == {
        "messaging.system": "nats",
        "messaging.operation.type": "process",
        "messaging.destination.name": "NOTEBOOK",
        "messaging.message.id": "notebook-e-7",
        "tradehall.outcome": outcome,
    }
    assert outcome.startswith(f"done in 00-{'ab' * 16}-")


def test_a_message_without_headers_is_delivered(spans: InMemorySpanExporter) -> None:
    assert deliver(done, Incoming()) == "done in None"
    assert spans.get_finished_spans() == ()


@pytest.mark.parametrize("failure", [Unavailable(), OSError(), psycopg.OperationalError()])
def test_after_a_failure_that_passes_the_message_comes_again_half_a_second_later(
    failure: Exception, spans: InMemorySpanExporter, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails(_: Any) -> str:
        raise failure

    with pytest.raises(NackMessage) as caught:
        deliver(fails, Incoming({"traceparent": TRACE}))
    assert caught.value.extra_options == {"delay": 0.5}
    assert f"reader comes again: {type(failure).__name__}" in caplog.text
    assert (only(spans).attributes or {})["error.type"] == type(failure).__name__


def test_another_failure_is_passed_on() -> None:
    async def fails(_: Any) -> str:
        raise ValueError("a fault")

    with pytest.raises(ValueError, match="a fault"):
        deliver(fails, Incoming())


def test_a_message_is_held_while_its_handler_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(_: Any) -> str:
        await reached(lambda: message.acks >= 3)
        return "done"

    monkeypatch.setattr(middlewares, "_PROGRESS", 0.001)
    message = Incoming(failures=[nats.errors.ConnectionClosedError()])
    assert deliver(slow, message) == "done"


def test_a_handler_that_is_quick_needs_no_acks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middlewares, "_PROGRESS", 0.2)
    message = Incoming()
    deliver(done, message)
    assert message.acks == 0


def test_a_message_is_held_well_within_the_time_after_which_it_is_delivered_again() -> None:
    assert 1 <= middlewares._PROGRESS <= consumer._ACK_WAIT / 2


def test_a_request_is_a_span_of_its_trace(spans: InMemorySpanExporter) -> None:
    answered = answer(done, Incoming({"traceparent": TRACE}))
    span = only(spans)
    assert (span.name, span.kind) == ("answer rpc.word", SpanKind.SERVER)
    assert answered.startswith(f"done in 00-{'ab' * 16}-")


@pytest.mark.parametrize("reply", ["evt.identity.-.x.UserRegistered", "", "x_INBOX_"])
def test_a_request_whose_answer_would_go_elsewhere_than_to_an_inbox_is_rejected(reply: str) -> None:
    async def never(_: Any) -> str:
        raise AssertionError

    with pytest.raises(RejectMessage):
        answer(never, Incoming(reply=reply))
