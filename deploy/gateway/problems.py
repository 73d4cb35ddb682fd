"""The gateway's own errors, as application/problem+json, for requests that it cannot pass on."""

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """A kind of error; `when` are the statuses that Caddy gives it."""

    when: tuple[int, ...]
    status: int
    code: str
    title: str
    retry_after: int | None = None


PROBLEMS = (
    Problem((404,), 404, "not-found", "Not found"),
    Problem((405,), 405, "method-not-allowed", "Method not allowed"),
    Problem((413,), 413, "body-too-large", "Request body exceeds 1 MiB"),
    Problem((502, 503, 504), 503, "service-unavailable", "Service temporarily unavailable", 2),
)
_OTHERWISE = Problem((), 400, "malformed-request", "Malformed request")


def errors() -> str:
    """The body of `handle_errors`."""
    return "\n".join([*(_handle(problem) for problem in PROBLEMS), _answer(_OTHERWISE)])


def _handle(problem: Problem) -> str:
    name = f"@{problem.code}"
    statuses = ", ".join(map(str, problem.when))
    condition = f"{name} expression `{{http.error.status_code}} in [{statuses}]`"
    return f"{condition}\nhandle {name} {{\n{_answer(problem)}\n}}"


def _answer(problem: Problem) -> str:
    body = {
        "type": f"urn:tradehall:problem:{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.title,
        "code": problem.code,
    }
    lines = ["header Content-Type application/problem+json"]
    if problem.retry_after:
        lines.append(f"header Retry-After {problem.retry_after}")
    lines.append(f"respond `{json.dumps(body)}` {problem.status}")
    return "\n".join(lines)
