"""The OAuth endpoints in the OpenAPI document."""

from collections.abc import Iterator
from typing import Any

import pytest

from identity.oauth.errors import ProtocolError
from identity.oauth.tests.provider import Provider

MODELS = ("IntrospectionAnswer", "KeySet", "OAuthError", "TokenAnswer", "UserInfo")
DOCUMENTED = 10


@pytest.fixture(scope="module")
def document(provider_of_module: Provider) -> Any:
    return provider_of_module.http.app.openapi()  # type: ignore[attr-defined]


def operations(document: Any) -> list[Any]:
    every = (operation for item in document["paths"].values() for operation in item.values())
    return [operation for operation in every if operation.get("tags") == ["oauth"]]


def parameters(operation: Any) -> Iterator[tuple[str, Any]]:
    """Those of the query with their description, and those of the form."""
    for one in operation.get("parameters", ()):
        yield one["name"], {**one["schema"], "description": one["description"]}
    for body in operation.get("requestBody", {}).get("content", {}).values():
        yield from body["schema"]["properties"].items()


def test_every_operation_has_a_summary_and_sentences(document: Any) -> None:
    assert len(operations(document)) == DOCUMENTED
    for operation in operations(document):
        assert operation["summary"] != operation["summary"].title(), operation["operationId"]
        assert operation["description"].endswith("."), operation["operationId"]


def test_every_parameter_has_a_description_and_an_example(document: Any) -> None:
    for operation in operations(document):
        for name, about in parameters(operation):
            assert about["description"].endswith("."), name
            assert about["examples"][0] in about.get("enum", about["examples"]), name


@pytest.mark.parametrize("name", MODELS)
def test_every_field_has_a_description_and_an_example(document: Any, name: str) -> None:
    schema = document["components"]["schemas"][name]
    assert schema["description"].endswith(".")
    for field, about in schema["properties"].items():
        assert about["description"].endswith("."), field
        assert about["examples"], field


def test_a_description_of_an_error_is_plain_ascii() -> None:
    """RFC 6749 5.2 forbids quotation marks and backslashes, which no request must be able to bring in."""
    for text in ('a"b', "a\\b", "ü", "a\nb"):
        with pytest.raises(AssertionError):
            ProtocolError(text)
