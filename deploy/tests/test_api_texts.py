"""The texts of the committed OpenAPI document: summaries, descriptions and examples."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator

DOCUMENT = json.loads((Path(__file__).parents[2] / "docs" / "openapi" / "openapi.json").read_text())
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
OPERATIONS: list[dict[str, Any]] = [one for item in DOCUMENT["paths"].values() for one in item.values()]
FIELDS: dict[str, dict[str, Any]] = {
    f"{name}.{field}": about
    for name, schema in SCHEMAS.items()
    for field, about in schema.get("properties", {}).items()
}
VERBS = (
    *("Accept", "Add", "Change", "Check", "Create", "Decline", "Delete", "Discard", "Get", "Invite", "Issue", "List"),
    *("Register", "Remove", "Rename", "Replay", "Request", "Resend", "Restore", "Revoke", "Set", "Sign", "Unlock"),
)


def test_the_document_is_valid_openapi() -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def ids(operations: Iterable[dict[str, Any]]) -> list[str]:
    return [operation["operationId"] for operation in operations]


def test_operations_have_imperative_summaries() -> None:
    assert ids(one for one in OPERATIONS if one["summary"].partition(" ")[0] not in VERBS) == []


def test_summaries_are_not_made_from_names_of_functions() -> None:
    assert ids(one for one in OPERATIONS if one["summary"].partition(" ")[2].istitle()) == []


def test_operations_have_descriptions() -> None:
    assert ids(one for one in OPERATIONS if not text_of(one).endswith(".")) == []


def test_parameters_have_descriptions() -> None:
    parameters = ((one["operationId"], each) for one in OPERATIONS for each in one.get("parameters", ()))
    assert [(name, each["name"]) for name, each in parameters if not text_of(each).endswith(".")] == []


def test_schemas_have_descriptions() -> None:
    assert [name for name, schema in SCHEMAS.items() if not re.match(r"[A-Z].*\.$", text_of(schema), re.DOTALL)] == []


def test_fields_have_descriptions() -> None:
    assert [name for name, field in FIELDS.items() if not re.match(r"[A-Z0-9`].*\.$", text_of(field), re.DOTALL)] == []


def test_fields_have_examples() -> None:
    shown = {"examples", "const"}
    assert [
        name for name, field in FIELDS.items() if not shown & field.keys() and "$ref" not in json.dumps(field)
    ] == []


def text_of(described: dict[str, Any]) -> str:
    return str(described.get("description", ""))
