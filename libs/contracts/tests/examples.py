"""Example events, made from their JSON Schemas."""

from collections.abc import Mapping
from typing import Any

from contracts.event import Event

_STRINGS = {
    "uuid": "0c5a4ab4-7b3c-4d7e-8c5f-2f4f3c1d9a10",
    "date-time": "2026-01-02T03:04:05Z",
    "": "some-text",
}


def example(event: type[Event]) -> Event:
    """An event with every field filled."""
    schema = event.model_json_schema()
    return event.model_validate(_value(schema, schema))


def _value(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    if "$ref" in schema:
        return _value(root["$defs"][schema["$ref"].rsplit("/", 1)[1]], root)
    if "anyOf" in schema:
        return _value(schema["anyOf"][0], root)
    if "enum" in schema:
        return schema["enum"][0]
    match schema["type"]:
        case "object":
            return {name: _value(field, root) for name, field in schema["properties"].items()}
        case "array":
            return [_value(schema["items"], root)]
        case "integer":
            return 7
        case "boolean":
            return True
        case _:
            return _STRINGS[schema.get("format", "")]
