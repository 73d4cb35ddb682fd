"""The texts of the committed OpenAPI document: summaries, descriptions and examples."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

DOCUMENT = json.loads((Path(__file__).parents[2] / "docs" / "openapi" / "openapi.json").read_text())
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
OPERATIONS: list[dict[str, Any]] = [one for item in DOCUMENT["paths"].values() for one in item.values()]
VERBS = (
    *("Accept", "Add", "Change", "Check", "Create", "Decline", "Delete", "Discard", "Get", "Invite", "Issue", "List"),
    *("Register", "Remove", "Rename", "Replay", "Request", "Resend", "Restore", "Revoke", "Set", "Sign", "Unlock"),
)


def test_the_document_is_valid_openapi() -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def fields() -> Iterator[Any]:
    for name, schema in SCHEMAS.items():
        for field, about in schema.get("properties", {}).items():
            yield pytest.param(about, id=f"{name}.{field}")


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one["operationId"])
def test_an_operation_has_an_imperative_summary_and_a_description(operation: dict[str, Any]) -> None:
    verb, _, rest = operation["summary"].partition(" ")
    assert verb in VERBS
    assert not rest.istitle(), "a title made from the function's name"
    assert operation["description"].endswith(".")


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one["operationId"])
def test_a_parameter_has_a_description(operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", ()):
        assert parameter.get("description", "").endswith("."), parameter["name"]


@pytest.mark.parametrize("schema", list(SCHEMAS.values()), ids=list(SCHEMAS))
def test_a_schema_has_a_description(schema: dict[str, Any]) -> None:
    assert re.match(r"[A-Z].*\.$", schema["description"], re.DOTALL)


@pytest.mark.parametrize("about", list(fields()))
def test_a_field_has_a_description_and_an_example(about: dict[str, Any]) -> None:
    assert re.match(r"[A-Z0-9`].*\.$", about["description"], re.DOTALL)
    assert "examples" in about or "const" in about or "$ref" in json.dumps(about)
