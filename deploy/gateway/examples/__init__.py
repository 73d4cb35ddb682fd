"""One example of each operation of the public interface; tests send every request and check every answer.

An operation that is not listed here has the examples of its models' fields.
"""

from typing import Any

from deploy.gateway.examples import oauth, operations, organizations, platforms
from deploy.gateway.examples.composed import composed
from deploy.gateway.examples.invented import VALUES, Example

Document = dict[str, Any]
EXAMPLES = {**oauth.EXAMPLES, **organizations.EXAMPLES, **platforms.EXAMPLES, **operations.EXAMPLES}

__all__ = ["EXAMPLES", "Example", "with_examples"]


def with_examples(document: Document) -> Document:
    """The document, into which the examples of its operations are written."""
    schemas = document.get("components", {}).get("schemas", {})
    for path, item in document["paths"].items():
        for operation in item.values():
            _show_path_values(path, operation)
            if (example := EXAMPLES.get(operation.get("operationId"))) is not None:
                _show(operation, example)
            else:
                _show_composed(operation, schemas)
    return document


def _show_path_values(path: str, operation: Document) -> None:
    parts = path.split("/")
    for parameter in operation.get("parameters", ()):
        name = parameter["name"]
        if parameter["in"] == "path":
            parameter["example"] = VALUES[parts[parts.index(f"{{{name}}}") - 1] if name == "id" else name]


def _show(operation: Document, example: Example) -> None:
    for parameter in operation.get("parameters", ()):
        if parameter["name"] in example.query:
            parameter["example"] = example.query[parameter["name"]]
    for body in operation.get("requestBody", {}).get("content", {}).values():
        body["example"] = example.body
    for status, answer in operation["responses"].items():
        if status.startswith("2") and example.answer is not None:
            answer["content"]["application/json"]["example"] = example.answer


def _show_composed(operation: Document, schemas: Document) -> None:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "query" and (examples := parameter["schema"].get("examples")):
            parameter["example"] = examples[0]
    bodies = list(operation.get("requestBody", {}).get("content", {}).values())
    for status, answer in operation["responses"].items():
        if status.startswith("2") and "application/json" in answer.get("content", {}):
            bodies.append(answer["content"]["application/json"])
    for body in bodies:
        if "schema" in body:
            body["example"] = composed(body["schema"], schemas)
