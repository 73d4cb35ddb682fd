"""Refusals in the OpenAPI document of a route."""

from typing import Any

from pydantic import BaseModel

from kit.errors import Refusal


class FieldProblem(BaseModel):
    """A wrong value and what to do about it."""

    field: str
    message: str


class Problem(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldProblem] | None = None


def refusals(*kinds: type[Refusal]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route: each status with the codes it may come with."""
    codes: dict[int, list[str]] = {}
    for kind in kinds:
        codes.setdefault(kind.status, []).append(kind.code)
    return {
        status: {"description": ", ".join(names), "model": Problem, "content": {"application/problem+json": {}}}
        for status, names in codes.items()
    }
