"""Traces by OpenTelemetry: one from an HTTP request, through store and bus, to the mail that it leads to.

Off unless a collector is named. The place in a trace goes along as W3C traceparent in the cause of what is done, and
so is stored with each event. A span holds nothing but what is written here or by its caller: no path, query, address,
or message of an exception (decision 24).
"""

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

from opentelemetry.context import Context
from opentelemetry.trace import (
    INVALID_SPAN,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    Tracer,
    set_span_in_context,
)

from kit.context import acting, cause
from kit.errors import Refusal

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

Attributes = Mapping[str, str | int | list[str]]

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
_FAREWELL = 1.0  # seconds for the spans at hand when the service ends
_OFF: AbstractContextManager[Span] = nullcontext(INVALID_SPAN)
_provider: "TracerProvider | None" = None
_tracer: Tracer | None = None


def setup(service: str, collector: str, share: float) -> None:
    """Send the spans of this share (0 to 1) of all traces to a collector, such as `http://collector:4318`.

    They are sent in the background; when the collector is away, the oldest beyond some thousand are dropped.
    """
    # Imported here, since most processes trace nothing: it takes a tenth of a second and some megabytes.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

    global _provider, _tracer
    _provider = TracerProvider(
        # By the trace's id alone, so that all services agree, and no caller decides.
        sampler=TraceIdRatioBased(share),
        resource=Resource.create({"service.namespace": "tradehall", "service.name": service}),
        shutdown_on_exit=False,
    )
    _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{collector.rstrip('/')}/v1/traces")))
    _tracer = _provider.get_tracer("tradehall")


def finish() -> None:
    """Send the remaining spans, if that is quick, and stop tracing."""
    global _provider, _tracer
    if _provider is not None:
        ending = threading.Thread(target=_provider.shutdown, name="traces", daemon=True)
        ending.start()
        ending.join(_FAREWELL)
    _provider = _tracer = None


def span(
    name: str, kind: SpanKind = SpanKind.INTERNAL, attributes: Attributes | None = None
) -> AbstractContextManager[Span]:
    """A span around the block, as a child of the current one. Without a current one there is none."""
    return following(cause().traceparent, name, kind, attributes)


def following(
    parent: str | None, name: str, kind: SpanKind = SpanKind.INTERNAL, attributes: Attributes | None = None
) -> AbstractContextManager[Span]:
    """A span around the block, as a child of that of a traceparent, if any."""
    if _tracer is None or parent is None:
        return _OFF
    return _around(started(parent, name, kind, attributes))


def request(parent: str | None, method: str) -> AbstractContextManager[Span]:
    """The span of an HTTP request, which begins a trace where the caller has none."""
    if _tracer is None:
        return _OFF
    return _around(_tracer.start_span(method, _context(parent) or Context(), SpanKind.SERVER))


def started(parent: str | None, name: str, kind: SpanKind, attributes: Attributes | None = None) -> Span:
    """A span as a child of that of a traceparent, if any; the caller ends it."""
    if _tracer is None or (context := _context(parent)) is None:
        return INVALID_SPAN
    return _tracer.start_span(name, context, kind, attributes)


def traceparent_of(span: Span) -> str | None:
    """The traceparent of a span, to send or store; None where nothing is traced."""
    found = span.get_span_context()
    if not found.is_valid:
        return None
    return f"00-{found.trace_id:032x}-{found.span_id:016x}-{int(found.trace_flags):02x}"


def well_formed(traceparent: str | None) -> str | None:
    """The traceparent, if it is one."""
    return traceparent if traceparent and _TRACEPARENT.fullmatch(traceparent) else None


def failed(span: Span, error: BaseException) -> None:
    """By its type alone: the text may hold anything. That something was refused is no failure."""
    span.set_attribute("error.type", type(error).__name__)
    if not isinstance(error, Refusal):
        span.set_status(StatusCode.ERROR)


@contextmanager
def _around(span: Span) -> Iterator[Span]:
    try:
        with acting(traceparent=traceparent_of(span)):
            yield span
    except BaseException as error:
        failed(span, error)
        raise
    finally:
        span.end()


def _context(traceparent: str | None) -> Context | None:
    found = _TRACEPARENT.fullmatch(traceparent or "")
    if found is None:
        return None
    trace_id, span_id, flags = (int(part, 16) for part in found.groups())
    remote = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags & 1))
    return set_span_in_context(NonRecordingSpan(remote), Context())
