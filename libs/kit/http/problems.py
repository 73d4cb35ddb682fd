"""RFC 9457: every refusal and every failure as application/problem+json."""

import logging
from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from kit.context import cause
from kit.errors import FieldError, Refusal, Unavailable

_TITLES = {
    404: ("not-found", "Not found"),
    405: ("method-not-allowed", "Method not allowed"),
    413: ("body-too-large", "Request body exceeds 1 MiB"),
}
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_log = logging.getLogger("kit.problems")


def problem(
    status: int,
    code: str,
    title: str,
    detail: str = "",
    *,
    errors: Sequence[FieldError] = (),
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """The answer for one problem; `type` is a name, not an address to be fetched."""
    body: dict[str, Any] = {
        "type": f"urn:tradehall:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail or title,
        "code": code,
    }
    if errors:
        body["errors"] = [{"field": e.field, "message": e.message} for e in errors]
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def refused(refusal: Refusal) -> JSONResponse:
    return problem(
        refusal.status,
        refusal.code,
        refusal.title,
        refusal.detail,
        errors=refusal.errors,
        headers=refusal.headers,
    )


def rendered(error: Exception) -> JSONResponse:
    """The answer for any exception of an endpoint."""
    if isinstance(error, Refusal):
        return refused(error)
    if isinstance(error, HTTPException):
        code, title = _TITLES.get(error.status_code, ("malformed-request", "Malformed request"))
        return problem(error.status_code, code, title, headers=dict(error.headers or {}))
    return failed(error)


def failed(error: Exception) -> JSONResponse:
    """The answer for an unexpected error: logged once with the request id, without internals."""
    if isinstance(error, psycopg.OperationalError):
        _log.warning("the database is out of reach: %s", type(error).__name__)
        return refused(Unavailable())
    _log.error("unexpected error", exc_info=error)
    detail = f"The error is logged under request id {cause().correlation}."
    return problem(500, "internal-error", "Internal error", detail)


def install(app: FastAPI) -> None:
    """Render refusals, validation errors and unexpected errors of an application."""

    @app.exception_handler(Refusal)
    async def on_refusal(_: Request, error: Refusal) -> JSONResponse:
        return refused(error)

    @app.exception_handler(RequestValidationError)
    async def on_invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return _invalid(error)

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> JSONResponse:
        answer = rendered(error)
        if error.status_code == 405:
            answer.headers["Allow"] = ", ".join(_offered(request))
        return answer

    @app.exception_handler(psycopg.OperationalError)
    async def on_database(_: Request, error: psycopg.OperationalError) -> JSONResponse:
        return failed(error)


def _offered(request: Request) -> Iterable[str]:
    """The methods of a path; the error names those of its first route alone."""
    for method in _METHODS:
        asked = {**request.scope, "method": method}
        if any(route.matches(asked)[0] is Match.FULL for route in request.app.routes):
            yield method


def _invalid(error: RequestValidationError) -> JSONResponse:
    found = error.errors()
    if any(e["type"] == "json_invalid" for e in found):
        return problem(400, "malformed-body", "The body is not valid JSON in UTF-8")
    # An id in the path that is no UUID names nothing that could exist.
    if any(e["loc"][:1] == ("path",) for e in found):
        return problem(404, *_TITLES[404])
    errors = [FieldError(_field(e["loc"]), _message(e)) for e in found]
    return problem(422, "invalid", "Invalid value", f"{errors[0].field}: {errors[0].message}", errors=errors)


def _field(location: Sequence[Any]) -> str:
    return ".".join(str(part) for part in location[1:]) or "body"


def _message(error: dict[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return "is not a known field; remove it"
    return str(error["msg"]).removeprefix("Value error, ")
