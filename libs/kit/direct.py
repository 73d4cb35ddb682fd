"""Endpoints that are asked so often that finding their route would cost more than the answer."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from types import SimpleNamespace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

Endpoint = Callable[[Request], Awaitable[Response]]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Direct:
    """ASGI middleware between the edge, which renders what they raise, and the application. `endpoints` answer
    POST at a path; their routes stand in the application too, for its OpenAPI document and other methods."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]], endpoints: Mapping[str, Endpoint]):
        self._app = app
        self._endpoints = {path: (endpoint, SimpleNamespace(path=path)) for path, endpoint in endpoints.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._endpoints.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        endpoint, scope["route"] = found
        response = await endpoint(Request(scope, receive))
        await response(scope, receive, send)
