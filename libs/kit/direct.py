"""Endpoints that are asked so often that finding their route would cost more than the answer."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from types import SimpleNamespace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path

Endpoint = Callable[[Request], Awaitable[Response | None]]
"""Answers, or leaves it to the route by None, if it has not read the body."""
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Direct:
    """ASGI middleware between the edge, which renders what they raise, and the application.

    `endpoints` are by method and path, such as `POST /oauth2/token` or `GET /things/{id}`; their routes stand in the
    application too, for its OpenAPI document and for what an endpoint leaves to them.
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
            response = await endpoint(Request(scope, receive))
            if response is not None:
                await response(scope, receive, send)
                return
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
