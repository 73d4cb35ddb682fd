"""Every example of the OpenAPI document is sent to the running system, and every answer is as the document says."""

import json
from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest

from deploy.gateway.examples import EXAMPLES, invented
from tests.contracts.world import World
from tests.driver import Hall

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


def validate(schema: Any, value: Any) -> None:
    validator(json.dumps(schema)).validate(value)


@lru_cache
def validator(schema: str) -> Any:
    whole = {**json.loads(schema), "components": DOCUMENT["components"]}
    return jsonschema_rs.validator_for(whole, validate_formats=True)


def expected(operation: Any) -> str:
    """The status of success; an authorization request goes on to where people sign in."""
    return "303" if "303" in operation["responses"] else min(operation["responses"])


@pytest.fixture(scope="module")
def world(hall: Hall) -> World:
    return World(hall)


@pytest.fixture(scope="module")
def values(world: World) -> Any:
    return world.values()


def real(values: Any, part: Any) -> Any:
    """The part of a request, with real values in place of invented ones."""
    if isinstance(part, dict):
        return {name: real(values, inner) for name, inner in part.items()}
    if isinstance(part, list):
        return [real(values, inner) for inner in part]
    found = values.get(part, part)
    return found() if callable(found) else found


@pytest.mark.parametrize(
    ("method", "path", "operation"), [pytest.param(*each, id=each[2]["operationId"]) for each in operations()]
)
def test_an_example_is_answered_as_documented(
    world: World, values: Any, method: str, path: str, operation: Any
) -> None:
    sent, token = prepared(world, values, path, operation)
    query = {}
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", str(real(sent, parameter["example"])))
        elif "example" in parameter:
            query[parameter["name"]] = real(sent, parameter["example"])
    request = partial(world.hall.http.request, method, path, params=query)
    if token:
        request = partial(request, headers={"Authorization": f"Bearer {token}"})
    content = operation.get("requestBody", {}).get("content", {})
    if JSON in content:
        request = partial(request, json=real(sent, content[JSON]["example"]))
    elif content:
        request = partial(request, data=real(sent, content[FORM]["example"]))
    check(operation, request())


def prepared(world: World, values: Any, path: str, operation: Any) -> tuple[Any, str | None]:
    """The values and the token of who may ask this."""
    name, own = operation["operationId"], dict(values)
    if "{parked}" in path:
        own[invented.PARKED] = world.park(path.split("/")[4])
    if "{token}" in path:
        _, guest, own[invented.LINK] = world.invite()
        return own, None if name in PUBLIC else guest.token
    if name == "list_events":
        return own, world.token
    return own, world.ada.token if "security" in operation else None


def check(operation: Any, answer: httpx.Response) -> None:
    assert str(answer.status_code) == expected(operation), answer.text
    declared = operation["responses"][str(answer.status_code)]
    for name in declared["headers"]:
        assert name in answer.headers
    content = declared.get("content", {})
    assert bool(content) == bool(answer.content)
    if content:
        media = answer.headers["content-type"].partition(";")[0]
        assert media in content
        validate(content[media]["schema"], answer.json())


def test_every_operation_is_described_with_examples_that_fit() -> None:
    for _, path, operation in operations():
        assert operation["description"], path
        assert operation["tags"], path
        bodies = [content for content in shown(operation) if "schema" in content]
        for content in bodies:
            assert "example" in content, path
            validate(content["schema"], content["example"])
    assert EXAMPLES.keys() == {operation["operationId"] for _, _, operation in operations()}


def shown(operation: Any) -> Iterator[Any]:
    """What is sent, and what success answers in JSON."""
    yield from operation.get("requestBody", {}).get("content", {}).values()
    for status, answer in operation["responses"].items():
        if status.startswith("2") and JSON in answer.get("content", {}):
            yield answer["content"][JSON]


def test_every_refusal_is_a_problem_with_its_code() -> None:
    for _, path, operation in operations():
        for status, answer in operation["responses"].items():
            examples = answer.get("content", {}).get("application/problem+json", {}).get("examples", {})
            for code, example in examples.items():
                value = example.get("value") or DOCUMENT["components"]["examples"][code]["value"]
                validate({"$ref": "#/components/schemas/Problem"}, value)
                assert (value["code"], str(value["status"])) == (code, status), path
