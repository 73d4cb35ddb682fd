"""The OpenAPI document of a service: the errors of every operation, and the headers of every answer."""

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from kit.errors import FieldError, Invalid, NotFound, Refusal, TooLarge, Unauthenticated, Unavailable
from kit.security.tokens import InvalidToken

PROBLEM = "application/problem+json"
Document = dict[str, Any]
_SCHEMAS = "#/components/schemas"


class FieldProblem(BaseModel):
    """An invalid value."""

    field: str = Field(description="Path of the field in the request.", examples=["name"])
    message: str = Field(
        description="How to correct the value, in English.", examples=["must have 1 to 100 characters"]
    )


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(
        description="Name of the kind of error: `urn:tradehall:problem:` and the code. It is not an address.",
        examples=["urn:tradehall:problem:not-found"],
    )
    title: str = Field(description="The kind of error in English; may change.", examples=["Not found"])
    status: int = Field(description="HTTP status.", examples=[404])
    detail: str = Field(description="This error in English; may change.", examples=["Not found"])
    code: str = Field(description="Stable code of the kind of error, for programs.", examples=["not-found"])
    errors: list[FieldProblem] | None = Field(default=None, description="Invalid values, with the code `invalid` only.")


class Malformed(Refusal):
    """The answer of kit.http.problems to a body that is not JSON."""

    code = "malformed-body"
    title = "The body is not valid JSON in UTF-8"


_HEADERS: dict[str, Document] = {
    "X-Request-Id": {
        "description": "Id of the request: the one that the caller sent, if it has 1 to 64 letters, digits, dots, "
        "hyphens or underscores. It is also the correlation id of the events that the request caused.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
        "required": True,
    },
    "Location": {
        "description": "Address of the new resource.",
        "schema": {"type": "string", "format": "uri-reference"},
        "required": True,
    },
    "Retry-After": {
        "description": "Seconds to wait before the next attempt.",
        "schema": {"type": "integer", "minimum": 0},
        "required": True,
    },
    "WWW-Authenticate": {
        "description": "Authentication scheme to use.",
        "schema": {"type": "string"},
        "required": True,
    },
}
_HEADERS_OF = {"201": "Location", "401": "WWW-Authenticate", "429": "Retry-After", "503": "Retry-After"}


def refusals(*kinds: type[Refusal]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route: each status with an example for each code that it may come with."""
    answers: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        answer = answers.setdefault(kind.status, _answer())
        answer["content"][PROBLEM]["examples"][kind.code] = {"value": _example(kind)}
    for answer in answers.values():
        answer["description"] = ", ".join(answer["content"][PROBLEM]["examples"])
    return answers


class Application(FastAPI):
    """FastAPI whose OpenAPI document lists our problem answers instead of FastAPI's own errors."""

    def openapi(self) -> dict[str, Any]:
        if not self.openapi_schema:
            _complete(super().openapi())
        return super().openapi()


def _complete(document: Document) -> None:
    examples: Document = {}
    for item in document.get("paths", {}).values():
        for operation in item.values():
            _refuse(operation)
            for status, answer in operation["responses"].items():
                _share(answer.get("content", {}).get(PROBLEM, {}).get("examples", {}), examples)
                names = ["X-Request-Id", *([_HEADERS_OF[status]] if status in _HEADERS_OF else [])]
                answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    components = document.setdefault("components", {})
    _, problem = models_json_schema([(Problem, "validation")], ref_template=f"{_SCHEMAS}/{{model}}")
    schemas = components.get("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    components["schemas"] = dict(sorted((schemas | problem["$defs"]).items()))
    components["headers"] = _HEADERS
    components["examples"] = dict(sorted(examples.items()))


def _refuse(operation: Document) -> None:
    """Add the responses that are given before an operation's own code runs."""
    answers = operation["responses"]
    always = list(_always(operation))
    if PROBLEM not in answers.get("422", {}).get("content", {}):
        answers.pop("422", None)
    for kind in always:
        answer = answers.setdefault(str(kind.status), _answer())
        problems = answer.setdefault("content", {}).setdefault(PROBLEM, _answer()["content"][PROBLEM])
        if kind.code not in problems["examples"]:
            problems["examples"][kind.code] = {"value": _example(kind)}
            answer["description"] = ", ".join(filter(None, (answer["description"], kind.code)))
    operation["responses"] = dict(sorted(answers.items()))


def _share(given: Document, shared: Document) -> None:
    """Reference examples that several operations share, instead of repeating them."""
    for code, example in given.items():
        if shared.setdefault(code, example) == example:
            given[code] = {"$ref": f"#/components/examples/{code}"}


def _always(operation: Document) -> Iterable[type[Refusal]]:
    places = {parameter["in"] for parameter in operation.get("parameters", ())}
    yield Unavailable
    if "security" in operation:
        yield from (Unauthenticated, InvalidToken)
    if "path" in places:
        yield NotFound
    takes_json = "application/json" in operation.get("requestBody", {}).get("content", {})
    if takes_json:
        yield Malformed
    if "requestBody" in operation:
        yield TooLarge
    if takes_json or (places - {"path"} and "422" in operation["responses"]):
        yield Invalid


def _answer() -> Document:
    return {"description": "", "content": {PROBLEM: {"schema": {"$ref": f"{_SCHEMAS}/Problem"}, "examples": {}}}}


def _example(kind: type[Refusal]) -> Document:
    made: Document = {
        "type": f"urn:tradehall:problem:{kind.code}",
        "title": kind.title,
        "status": kind.status,
        "detail": kind.title,
        "code": kind.code,
    }
    if issubclass(kind, Invalid):
        wrong = FieldError("name", "must have 1 to 100 characters")
        made |= {"detail": f"{wrong.field}: {wrong.message}", "errors": [vars(wrong)]}
    return made
