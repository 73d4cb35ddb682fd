"""The example requests of the OpenAPI document, with real values instead of invented ones."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx2

from tests.contracts import example_values
from tests.contracts.world import World

DOCUMENT = json.loads((Path(__file__).parents[2] / "docs" / "openapi" / "openapi.json").read_text())
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
ORDER = {"get": 0, "post": 1, "put": 2, "patch": 2, "delete": 3}
LAST = ("change_my_password", "restore_organization")
PUBLIC = ("register", "request_password_reset", "get_invitation")


def operations() -> list[tuple[str, str, Any]]:
    """Method, path, operation: what others need is taken away last, the innermost first, and given back at the end."""

    def place(each: tuple[str, str, Any]) -> tuple[bool, int, int]:
        method, path, operation = each
        return operation["operationId"] in LAST, ORDER[method], -path.count("/") if method == "delete" else 0

    paths = DOCUMENT["paths"].items()
    return sorted(((method, path, one) for path, item in paths for method, one in item.items()), key=place)


def real(values: Any, part: Any) -> Any:
    """The part of a request, with real values in place of invented ones."""
    if isinstance(part, dict):
        return {name: real(values, inner) for name, inner in part.items()}
    if isinstance(part, list):
        return [real(values, inner) for inner in part]
    found = values.get(part, part)
    return found() if callable(found) else found


def request_of(world: World, values: Any, method: str, path: str, operation: Any) -> Callable[[], httpx2.Response]:
    """Sends what the document shows, by somebody who may; all values are there before."""
    sent, token = prepared(world, values, path, operation)
    query = {}
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", str(real(sent, parameter["example"])))
        elif "example" in parameter:
            query[parameter["name"]] = real(sent, parameter["example"])
    request = partial(world.driver.http.request, method, path, params=query)
    if token:
        request = partial(request, headers={"Authorization": f"Bearer {token}"})
    content = operation.get("requestBody", {}).get("content", {})
    if JSON in content:
        request = partial(request, json=real(sent, content[JSON]["example"]))
    elif content:
        request = partial(request, data=real(sent, content[FORM]["example"]))
    return request


def prepared(world: World, values: Any, path: str, operation: Any) -> tuple[Any, str | None]:
    """The values and the token of who may ask this."""
    name, own = operation["operationId"], dict(values)
    if "{parked}" in path or "{dead_letter}" in path:
        own[example_values.DEAD_LETTER] = world.park(path.split("/")[4])
    if "{token}" in path:
        _, guest, own[example_values.LINK] = world.invite()
        return own, None if name in PUBLIC else guest.token
    if name == "list_events":
        return own, world.token
    return own, world.ada.token if "security" in operation else None
