"""One example of each operation of the public interface; tests send every request and check every answer."""

from typing import Any

from deploy.gateway.examples import operations, organizations, people, platforms
from deploy.gateway.examples.invented import VALUES, Example

Document = dict[str, Any]
EXAMPLES = {**people.EXAMPLES, **organizations.EXAMPLES, **platforms.EXAMPLES, **operations.EXAMPLES}

__all__ = ["EXAMPLES", "Example", "with_examples"]


def with_examples(document: Document) -> Document:
    """The document, into which the examples of its operations are written."""
    for path, item in document["paths"].items():
        for operation in item.values():
            _show(path, operation, EXAMPLES.get(operation.get("operationId"), Example()))
    return document


def _show(path: str, operation: Document, example: Example) -> None:
    parts = path.split("/")
    for parameter in operation.get("parameters", ()):
        name = parameter["name"]
        if parameter["in"] == "path":
            parameter["example"] = VALUES[parts[parts.index(f"{{{name}}}") - 1] if name == "id" else name]
        elif name in example.query:
            parameter["example"] = example.query[name]
    for body in operation.get("requestBody", {}).get("content", {}).values():
        body["example"] = example.body
    for status, answer in operation["responses"].items():
        if status.startswith("2") and example.answer is not None:
            answer["content"]["application/json"]["example"] = example.answer
