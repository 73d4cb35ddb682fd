"""Every example of the OpenAPI document is sent to a running system; every answer matches the document."""

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import httpx2
import jsonschema_rs
import pytest

from deploy.gateway.oauth_examples import OAUTH
from testing.driver import SystemDriver
from tests.contracts.example_requests import DOCUMENT, JSON, operations, request_of
from tests.contracts.world import World


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
def world(driver: SystemDriver) -> World:
    return World(driver)


@pytest.fixture(scope="module")
def values(world: World) -> Any:
    return world.values()


@pytest.mark.parametrize(
    ("method", "path", "operation"), [pytest.param(*each, id=each[2]["operationId"]) for each in operations()]
)
def test_an_example_is_answered_as_documented(
    world: World, values: Any, method: str, path: str, operation: Any
) -> None:
    check(operation, request_of(world, values, method, path, operation)())


def check(operation: Any, answer: httpx2.Response) -> None:
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
    assert OAUTH.keys() <= {operation["operationId"] for _, _, operation in operations()}


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
