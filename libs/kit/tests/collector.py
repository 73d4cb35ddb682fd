"""A small collector of traces: OTLP over HTTP, kept in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Seen:
    """A span as it arrived; ids in hexadecimal, `parent` empty at the root."""

    service: str
    name: str
    kind: int
    trace: str
    id: str
    parent: str
    failed: bool
    attributes: dict[str, Any]


class Collector:
    """`address` is the endpoint for a service; `raw` contains the received requests unchanged."""

    def __init__(self) -> None:
        self.raw = b""
        self.spans: list[Seen] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    @classmethod
    @contextmanager
    def running(cls) -> Iterator["Collector"]:
        made = cls()
        Thread(target=made._server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield made
        finally:
            made._server.shutdown()
            made._server.server_close()

    def named(self, name: str, trace: str | None = None) -> list[Seen]:
        """Those of a name, in one trace or in any."""
        return [span for span in list(self.spans) if span.name == name and trace in (None, span.trace)]

    def above(self, span: Seen) -> list[Seen]:
        """The span and those it is below, up to the root."""
        known = {each.id: each for each in list(self.spans)}
        way = [span]
        while way[-1].parent in known:
            way.append(known[way[-1].parent])
        return way

    def take(self, body: bytes) -> None:
        asked = ExportTraceServiceRequest.FromString(body)
        self.raw += body
        for resource in asked.resource_spans:
            service = next(
                each.value.string_value for each in resource.resource.attributes if each.key == "service.name"
            )
            self.spans += [_seen(service, span) for scope in resource.scope_spans for span in scope.spans]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        take = self.take

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/v1/traces"
                take(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Not on the terminal."""

        return Handler


def _seen(service: str, span: Any) -> Seen:
    ids = span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex()
    return Seen(
        service, span.name, span.kind, *ids, span.status.code == 2, {each.key: each.value for each in span.attributes}
    )
