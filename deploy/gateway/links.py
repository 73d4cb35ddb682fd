"""Links in the OpenAPI document: from a creation to the operations on what was created."""

import re
from typing import Any

Document = dict[str, Any]
_NAME = re.compile(r"\{(\w+)\}")


def with_links(document: Document) -> Document:
    """The document, in which each answer 201 links to the operations on what it created."""
    operations = [(path, method, one) for path, item in document["paths"].items() for method, one in item.items()]
    for collection, _, operation in operations:
        answer = operation["responses"].get("201")
        if answer is None:
            continue
        known = {name: f"$request.path.{name}" for name in _NAME.findall(collection)}
        for path, method, other in operations:
            below = path.removeprefix(f"{collection}/")
            names = _NAME.findall(below)
            there = below.endswith("}") or method != "delete"  # what is inside it is not there yet
            if below != path and below.startswith("{") and len(names) == 1 and there:
                parameters = {**known, names[0]: "$response.body#/id"}
                link = {"operationId": other["operationId"], "parameters": parameters}
                answer.setdefault("links", {})[other["operationId"]] = link
    return document
