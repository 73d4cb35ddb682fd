"""Endpoints that are called so often that routing would cost more than the answer."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from types import SimpleNamespace
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import compile_path

from kit.http.idempotency import RequestKey

Endpoint = Callable[[Request], Awaitable[Response | None]]
"""Answers, or returns None to leave the request to the route."""
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
C = TypeVar("C")
B = TypeVar("B", bound=BaseModel)


def command(
    who: Callable[[Request, B], Awaitable[C | None]], body: type[B], work: Callable[[C, B, RequestKey], Response]
) -> Endpoint:
    """An endpoint that does `work` in a thread, with the result of `who` for the caller and the body.

    If that is None, or the body is invalid, the route answers instead, and renders the refusal.
    """

    async def endpoint(request: Request) -> Response | None:
        if request.headers.get("content-type") != "application/json":
            return None
        try:
            given = body.model_validate_json(await request.body())
        except ValidationError:
            return None
        found = await who(request, given)
        return None if found is None else await run_in_threadpool(work, found, given, await RequestKey.of(request))

    return endpoint


class Direct:
    """ASGI middleware between the request middleware, which renders what endpoints raise, and the application.

    `endpoints` are by method and path, such as `POST /oauth2/token` or `GET /things/{id}`; the application has
    their routes too, for its OpenAPI document and for requests that an endpoint does not answer.
    """

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]], endpoints: Mapping[str, Endpoint]):
        self._app = app
        self._fixed: dict[tuple[str, str], tuple[Endpoint, SimpleNamespace]] = {}
        self._others: list[tuple[str, Any, Endpoint, SimpleNamespace]] = []
        for name, endpoint in endpoints.items():
            method, _, path = name.partition(" ")
            route = SimpleNamespace(path=path)
            if "{" in path:
                self._others.append((method, compile_path(path)[0], endpoint, route))
            else:
                self._fixed[method, path] = (endpoint, route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._found(scope) if scope["type"] == "http" else None
        if found is not None:
            endpoint, scope["route"] = found
            request = Request(scope, receive)
            try:
                response = await endpoint(request)
            except ClientDisconnect:  # the client has disconnected
                return
            if response is not None:
                await response(scope, receive, send)
                return
            receive = _read_again(request)
        await self._app(scope, receive, send)

    def _found(self, scope: Scope) -> tuple[Endpoint, SimpleNamespace] | None:
        method, path = scope["method"], scope["path"]
        fixed = self._fixed.get((method, path))
        if fixed is not None:
            return fixed
        for wanted, pattern, endpoint, route in self._others:
            match = pattern.match(path) if wanted == method else None
            if match:
                scope["path_params"] = match.groupdict()
                return endpoint, route
        return None


def _read_again(request: Request) -> Receive:
    """The body that the endpoint has read, again for the route."""
    read: bytes | None = getattr(request, "_body", None)
    waiting = [] if read is None else [{"type": "http.request", "body": read, "more_body": False}]

    async def receive() -> MutableMapping[str, Any]:
        return waiting.pop() if waiting else await request.receive()

    return receive
