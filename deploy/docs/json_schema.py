"""JSON Schemas for the reference pages: types in words, tables of fields, invented examples."""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_STRINGS = {
    "uuid": "5b0e6c1a-3f0d-4d0c-9d43-0a6a4c9e7d11",
    "date-time": "2026-03-16T14:05:00Z",
    "date": "2026-03-16",
    "email": "grace@broker.example",
    "uri": "https://broker.example/",
}
_BY_NAME = {
    "address": "192.0.2.17",
    "api": "mt5-webapi",
    "client_id": "thc_Example0Client00",
    "client_name": "Back office",
    "email": "grace@broker.example",
    "host": "mt5.broker.example",
    "name": "Grace Hopper",
    "organization_name": "North Sea Brokers",
    "permissions": "audit:read",
    "role": "viewer",
    "scopes": "accounts:read",
}


def deref(schema: Schema, document: Schema) -> Schema:
    """The schema that a `$ref` into the same document names, or the schema itself."""
    found = schema
    while "$ref" in found:
        reference: str = found["$ref"]
        found = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
    return found


def type_in_words(schema: Schema, document: Schema) -> str:
    """For example `string (uuid) or null`, `array of string`."""
    found = deref(schema, document)
    if choices := found.get("anyOf") or found.get("oneOf"):
        return " or ".join(dict.fromkeys(type_in_words(each, document) for each in choices))
    if "const" in found:
        return f"`{found['const']}`"
    if "enum" in found:
        return ", ".join(f"`{each}`" for each in found["enum"])
    if found.get("type") == "array":
        return f"array of {type_in_words(found.get('items', {}), document)}"
    kind = str(found.get("type", "any"))
    return f"{kind} ({found['format']})" if "format" in found else kind


def cell(text: str) -> str:
    """Text escaped for a cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")


def field_rows(schema: Schema, document: Schema, prefix: str = "") -> Iterator[str]:
    """A row of a Markdown table for each field, with those of nested objects below it."""
    found = deref(schema, document)
    required = found.get("required", ())
    for name, field in found.get("properties", {}).items():
        words = cell(type_in_words(field, document))
        said = cell(field.get("description") or deref(field, document).get("description", ""))
        yield f"| `{prefix}{name}` | {words} | {'yes' if name in required else 'no'} | {said} |"
        inner = _object_in(field, document)
        if inner is not None and prefix.count(".") < 2:
            yield from field_rows(inner, document, f"{prefix}{name}.")


def _object_in(schema: Schema, document: Schema) -> Schema | None:
    found = deref(schema, document)
    if found.get("type") == "array":
        found = deref(found.get("items", {}), document)
    for each in (found, *(found.get("anyOf", ()))):
        if "properties" in deref(each, document):
            return deref(each, document)
    return None


def fields_table(schema: Schema, document: Schema) -> str:
    """All fields of an object, or a sentence if it has none."""
    rows = list(field_rows(schema, document))
    if not rows:
        return "It has no fields.\n"
    return "\n".join(["| field | type | required | description |", "|---|---|---|---|", *rows, ""])


def example(schema: Schema, document: Schema, name: str = "") -> Any:
    """A valid example: the schema's own if it has one, else an invented one."""
    found = deref(schema, document)
    if found.get("examples"):
        return found["examples"][0]
    if "const" in found:
        return found["const"]
    if "enum" in found:
        return found["enum"][0]
    if choices := found.get("anyOf") or found.get("oneOf"):
        return example(next(each for each in choices if each.get("type") != "null"), document, name)
    return _by_type(found, document, name)


def _by_type(schema: Schema, document: Schema, name: str) -> Any:
    match schema.get("type"):
        case "object":
            return {key: example(each, document, key) for key, each in schema.get("properties", {}).items()}
        case "array":
            return [example(schema.get("items", {}), document, name)]
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case "string":
            return _STRINGS.get(schema.get("format", "")) or _BY_NAME.get(name) or name.replace("_", " ")
        case _:
            return None
