"""The outermost middleware: request id, body limit, timing, unexpected errors, the caller's address."""

import re
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from opentelemetry.trace import Span, StatusCode
from prometheus_client import Histogram
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from kit.context import Cause, begin
from kit.http.problems import problem, rendered
from kit.telemetry import tracing
from kit.telemetry.metrics import REQUESTS

BODY_LIMIT = 1024 * 1024  # bytes
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PROBES = ("/livez", "/readyz", "/metrics")

_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class RequestMiddleware:
    """ASGI middleware, outermost."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        cause = Cause(
            correlation=_request_id(headers.get("x-request-id", "")),
            traceparent=tracing.well_formed(headers.get("traceparent")),
        )
        begin(cause)
        if scope["path"] in _PROBES:
            await self._answer(scope, receive, send, headers, cause)
            return
        with tracing.request(cause.traceparent, scope["method"]) as span:
            status = await self._answer(scope, receive, send, headers, cause)
            if span.is_recording():
                _describe(span, scope, status, cause)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, headers: Headers, cause: Cause) -> int:
        """Pass the request on; answers the status."""
        answer = _Answer(send, cause.correlation or "")
        started = time.perf_counter()
        try:
            if _declared_length(headers) > BODY_LIMIT:
                await problem(413, "body-too-large", "Request body exceeds 1 MiB")(scope, receive, answer)
            else:
                await self._app(scope, _limited(receive), answer)
        except Exception as error:  # the last place that can answer
            response = rendered(error)
            if not answer.begun:
                await response(scope, receive, answer)
        finally:
            _timer(scope["method"], _route(scope), answer.status).observe(time.perf_counter() - started)
        return answer.status


class _Answer:
    """Adds the headers of every response, and remembers the status."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.begun = False
        self.status = 500

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            self.status = message["status"]
            # ASGI names are lower-case; looking them up one by one would cost more than all the rest here.
            given = {name for name, _ in message["headers"]}
            added = [header for header in _ALWAYS if header[0] not in given]
            message["headers"] = [*message["headers"], *added, (b"x-request-id", self._request_id.encode())]
        await self._send(message)


def address_of(request: HTTPConnection, proxies: Sequence[IPv4Network | IPv6Network]) -> str:
    """The caller's address: from X-Forwarded-For only when the peer is a proxy of ours, the last one that is not.

    An IPv6 address is answered as its /64, since one subscriber holds all of it.
    """
    peer = request.client.host if request.client else "0.0.0.0"  # noqa: S104 - a name for nowhere
    chain = [*request.headers.get("x-forwarded-for", "").split(","), peer]
    address = peer
    for candidate in reversed(chain):
        try:
            ip = ip_address(candidate.strip())
        except ValueError:
            break
        address = str(ip_network(f"{ip}/64", strict=False)) if isinstance(ip, IPv6Address) else str(ip)
        if not any(ip in network for network in proxies):
            break
    return address


def _route(scope: Scope) -> str:
    return getattr(scope.get("route"), "path", "unmatched")


def _describe(span: Span, scope: Scope, status: int, cause: Cause) -> None:
    method, route = scope["method"], _route(scope)
    span.update_name(f"{method} {route}")
    span.set_attributes(
        {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
            "tradehall.request_id": cause.correlation or "",
        }
    )
    if status >= 500:
        span.set_status(StatusCode.ERROR)


@lru_cache(1024)
def _timer(method: str, route: str, status: int) -> Histogram:
    return REQUESTS.labels(method, route, status)


def _request_id(given: str) -> str:
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(16)


def _declared_length(headers: Headers) -> int:
    declared = headers.get("content-length", "0")
    return int(declared) if declared.isdigit() else 0


def _limited(receive: Receive) -> Receive:
    taken = 0

    async def limited() -> MutableMapping[str, Any]:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > BODY_LIMIT:
            raise HTTPException(413)
        return message

    return limited
