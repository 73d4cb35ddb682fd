"""Examples of bodies, composed of those of their models' fields."""

from typing import Any

import pytest

from deploy.gateway.examples import composed

SCHEMAS: dict[str, Any] = {
    "Use": {"type": "object", "properties": {"at": {"type": "string", "examples": ["2026-03-02T09:30:00Z"]}}},
}
USE = {"$ref": "#/components/schemas/Use"}
AT = {"at": "2026-03-02T09:30:00Z"}


@pytest.mark.parametrize(
    ("schema", "example"),
    [
        (USE, AT),
        ({"type": "array", "items": USE}, [AT]),
        ({"anyOf": [{"type": "null"}, USE]}, AT),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, None),
        ({"type": "string", "const": "accepted"}, "accepted"),
        ({**USE, "examples": [{"at": None}]}, {"at": None}),
    ],
)
def test_a_value_is_composed_of_its_parts(schema: dict[str, Any], example: Any) -> None:
    assert composed(schema, SCHEMAS) == example


def test_a_field_without_an_example_is_named() -> None:
    with pytest.raises(ValueError, match="Reason"):
        composed({"properties": {"reason": {"type": "string", "title": "Reason"}}}, SCHEMAS)
