"""Front end of the endpoints that are called most: it reads ordinary requests without FastAPI's routing.

Each endpoint calls the function that its route calls too. What is not read here (a malformed path, parameter or body,
and unusual forms of them) goes on to the route, which reads it in full and renders what is wrong.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from types import SimpleNamespace
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import compile_path

from kit.errors import Invalid
from kit.http.idempotency import RequestKey
from kit.http.pagination import paging_of

Endpoint = Callable[[Request], Awaitable[Response | None]]
"""Answers, or returns None to leave the request to its route."""
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
P = TypeVar("P")
B = TypeVar("B", bound=BaseModel)


def listing(who: Callable[[Request], Awaitable[P]], answer: Callable[..., Awaitable[Response]]) -> Endpoint:
    """Calls `answer(principal, paging, **ids)` with the result of `who` and the ids in the path."""

    async def endpoint(request: Request) -> Response | None:
        paging = paging_of(request.scope["query_string"])
        return None if paging is None else await answer(await who(request), paging, **request.path_params)

    return endpoint


def command(
    who: Callable[[Request], Awaitable[P]], body: type[B], answer: Callable[..., Awaitable[Response]]
) -> Endpoint:
    """Calls `answer(principal, body, key, **ids)` with the result of `who` and the ids in the path."""

    async def endpoint(request: Request) -> Response | None:
        if request.headers.get("content-type") != "application/json":
            return None
        try:
            given, key = body.model_validate_json(await request.body()), await RequestKey.of(request)
        except (ValidationError, Invalid):
            return None
        return await answer(await who(request), given, key, **request.path_params)

    return endpoint


class Direct:
    """ASGI middleware between the request middleware, which renders what endpoints raise, and the application.

    `endpoints` are by method and path, such as `POST /oauth2/token` or `GET /things/{id}`, whose parameters are UUIDs.
    The application has their routes too, for its OpenAPI document and for requests that an endpoint does not answer.
    """

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]], endpoints: Mapping[str, Endpoint]):
        self._app = app
        self._fixed: dict[tuple[str, str], tuple[Endpoint, SimpleNamespace]] = {}
        self._others: list[tuple[str, Any, Mapping[str, Any], Endpoint, SimpleNamespace]] = []
        for name, endpoint in endpoints.items():
            method, _, path = name.partition(" ")
            route = SimpleNamespace(path=path)
            if "{" in path:
                pattern, _, converters = compile_path(re.sub(r"{(\w+)}", r"{\1:uuid}", path))
                self._others.append((method, pattern, converters, endpoint, route))
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
        for wanted, pattern, converters, endpoint, route in self._others:
            match = pattern.match(path) if wanted == method else None
            if match:
                given = match.groupdict()
                scope["path_params"] = {name: converters[name].convert(given[name]) for name in given}
                return endpoint, route
        return None


def _read_again(request: Request) -> Receive:
    """The body that the endpoint has read, again for the route."""
    read: bytes | None = getattr(request, "_body", None)
    waiting = [] if read is None else [{"type": "http.request", "body": read, "more_body": False}]

    async def receive() -> MutableMapping[str, Any]:
        return waiting.pop() if waiting else await request.receive()

    return receive
