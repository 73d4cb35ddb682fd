"""The example of a body, composed of those that its models give for their fields."""

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]


def composed(schema: Schema, schemas: Mapping[str, Schema]) -> Any:
    """A value of a JSON schema: its own first example, or else one of its fields, items or alternatives.

    Raises ValueError for a value without an example.
    """
    if "examples" in schema:
        return schema["examples"][0]
    if "$ref" in schema:
        return composed(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "properties" in schema:
        return {name: composed(field, schemas) for name, field in schema["properties"].items()}
    if "items" in schema:
        return [composed(schema["items"], schemas)]
    if "anyOf" in schema:
        return composed(_first(schema["anyOf"]), schemas)
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    if schema.get("type") == "null":
        return None
    raise ValueError(f"give an example of {schema.get('title', schema)}")


def _first(alternatives: list[Schema]) -> Schema:
    """A model before null, null before a bare type, which has no example."""
    models = [each for each in alternatives if "$ref" in each or "examples" in each]
    nulls = [each for each in alternatives if each.get("type") == "null"]
    return [*models, *nulls, *alternatives][0]
