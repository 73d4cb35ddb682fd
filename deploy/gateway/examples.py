"""Examples of the operations of the merged OpenAPI document, composed of those that the models give for their fields.

The contract tests send every example of a request, with real values in place of these.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from deploy.gateway.oauth_examples import OAUTH

Document = dict[str, Any]
Schema = Mapping[str, Any]

PATHS: Mapping[str, tuple[str, Any]] = {
    "org": ("Id of the organization.", "5b0e6c1a-3f0d-5d0c-9d43-0a6a4c9e7d11"),
    "user": ("Id of the user.", "2d9a7c44-0b1e-4c55-9f67-1e8b3a5d7c32"),
    "platform": ("Id of the platform.", "e1d6a3b8-7c5f-4e29-8b0a-5d4c2f1e9a65"),
    "login": ("Login of the account.", 100001),
    "token": ("Last part of the invitation's link.", "an-invented-token-of-an-invitation"),
    "secret": ("Id of the secret.", "c3b8e5f2-9a17-4d60-b2c4-8e7f1a0d6b54"),
    "dead_letter": ("Id of the dead letter.", 17),
    "parked": ("Id of the dead letter.", 17),
    "clients": ("Id of the client.", "7a4e9d10-6c2b-4b8f-a1d5-3f9c0e2b8d43"),
    "invitations": ("Id of the invitation.", "94f7c2d5-1e8a-4a3b-9c6d-7b0e5f2a8c76"),
    "sessions": ("Id of the session.", "b6a5d4c3-2f1e-4d0c-8b9a-0f1e2d3c4b87"),
}
"""Description and example of the parameters in paths, by name; of a parameter `id`, by the part of the path before."""


def with_examples(document: Document) -> Document:
    """The document with examples of its parameters and bodies, and descriptions of parameters in paths.

    Raises ValueError for a value without an example.
    """
    schemas = document.get("components", {}).get("schemas", {})
    for path, item in document["paths"].items():
        for operation in item.values():
            given = OAUTH.get(operation.get("operationId", ""), {})
            _show_parameters(path, operation, given.get("query"))
            for kind, body in _bodies(operation):
                if kind in given:
                    body["example"] = given[kind]
                elif "schema" in body:
                    body["example"] = composed(body["schema"], schemas)
    return document


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
    for alternatives in ("anyOf", "oneOf"):
        if alternatives in schema:
            return composed(_first(schema[alternatives]), schemas)
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


def _show_parameters(path: str, operation: Document, query: Mapping[str, Any] | None) -> None:
    parts = path.split("/")
    for parameter in operation.get("parameters", ()):
        name, examples = parameter["name"], parameter["schema"].get("examples")
        if parameter["in"] == "path":
            about = PATHS[parts[parts.index(f"{{{name}}}") - 1] if name == "id" else name]
            parameter.setdefault("description", about[0])
            parameter["example"] = about[1]
        elif query is None and examples:
            parameter["example"] = examples[0]
        elif query is not None and name in query:
            parameter["example"] = query[name]


def _bodies(operation: Document) -> Iterator[tuple[str, Document]]:
    """The content of the request (`request`), and the JSON of successful answers (`answer`)."""
    for body in operation.get("requestBody", {}).get("content", {}).values():
        yield "request", body
    for status, answer in operation["responses"].items():
        if status.startswith("2") and "application/json" in answer.get("content", {}):
            yield "answer", answer["content"]["application/json"]
