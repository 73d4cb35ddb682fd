"""The HTTP API reference, rendered from the OpenAPI document: one page for each tag."""

import json
from collections.abc import Iterator
from typing import Any

from deploy.docs.json_schema import Schema, cell, deref, fields_table, type_in_words

_METHODS = ("get", "post", "put", "patch", "delete")


def pages(document: Schema) -> dict[str, str]:
    """The name of each page with its Markdown, and `index` for the page that lists them."""
    tags = {tag["name"]: tag.get("description", "") for tag in document.get("tags", ())}
    made = {name: _tag_page(name, said, document) for name, said in tags.items()}
    return {"index": _index(tags), **made}


def _index(tags: dict[str, str]) -> str:
    listed = "\n".join(f"- [{name}]({name}.md): {said}" for name, said in tags.items())
    return f"""\
# HTTP API reference

The API is below the address of your installation, for example `http://localhost:8080`. Requests and answers are JSON,
times are UTC in the form `2026-03-16T14:05:00Z`, and errors are
[problem details](https://www.rfc-editor.org/rfc/rfc9457) with a stable `code`. Send an access token as
`Authorization: Bearer TOKEN`; [create a client and get a token](../../guides/get-a-token.md) shows how to get one.
The same as a machine-readable document: {{download}}`OpenAPI 3.1 <../../openapi/openapi.json>`; Tradehall serves
it at `/openapi.json`, with a page to try requests at `/docs`.

{listed}

```{{toctree}}
:hidden:

{chr(10).join(tags)}
```
"""


def _tag_page(tag: str, said: str, document: Schema) -> str:
    parts = [f"# {tag.capitalize()}\n", f"{said}\n"]
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods and tag in methods[method].get("tags", ()):
                parts.extend(_operation(method, path, methods[method], document))
    return "\n".join(parts)


def _operation(method: str, path: str, operation: Schema, document: Schema) -> Iterator[str]:
    yield f"({operation['operationId']})=\n## {operation['summary']}\n"
    yield f"`{method.upper()} {path}`\n"
    yield f"{operation.get('description', '')}\n"
    if parameters := operation.get("parameters"):
        yield _parameters(parameters, document)
    if body := operation.get("requestBody"):
        yield "**Request body**\n"
        yield from _content(body, document)
    yield "**Answers**\n"
    yield _answers(operation["responses"], document)
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            yield from _content(deref(answer, document), document)


def _parameters(parameters: list[Schema], document: Schema) -> str:
    rows = ["| parameter | in | type | required | description |", "|---|---|---|---|---|"]
    for each in (deref(parameter, document) for parameter in parameters):
        words = cell(type_in_words(each.get("schema", {}), document))
        required = "yes" if each.get("required") else "no"
        rows.append(f"| `{each['name']}` | {each['in']} | {words} | {required} | {cell(each.get('description', ''))} |")
    return "\n".join([*rows, ""])


def _answers(responses: Schema, document: Schema) -> str:
    rows = ["| status | meaning |", "|---|---|"]
    for status, answer in responses.items():
        found = deref(answer, document)
        codes = _codes(found)
        rows.append(f"| {status} | {codes or cell(found['description'])} |")
    return "\n".join([*rows, ""])


def _codes(answer: Schema) -> str:
    problem = answer.get("content", {}).get("application/problem+json", {})
    return ", ".join(f"`{code}`" for code in problem.get("examples", ()))


def _content(message: Schema, document: Schema) -> Iterator[str]:
    for media, content in message.get("content", {}).items():
        schema = content.get("schema", {})
        if "properties" in deref(schema, document):
            yield fields_table(schema, document)
        given = _given_example(content, document)
        if given is not None:
            yield f"Example (`{media}`):\n"
            yield _block(given)


def _given_example(content: Schema, document: Schema) -> Any:
    if "example" in content:
        return content["example"]
    for each in content.get("examples", {}).values():
        return deref(each, document).get("value")
    return None


def _block(value: Any) -> str:
    if isinstance(value, str):
        return f"```text\n{value.rstrip()}\n```\n"
    return f"```json\n{json.dumps(value, indent=2)}\n```\n"
