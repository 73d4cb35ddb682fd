"""What the gateway itself answers when it cannot pass a request on, as application/problem+json."""

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One kind of failure; `when` are the statuses Caddy gives it."""

    when: tuple[int, ...]
    status: int
    code: str
    title: str
    retry_after: int | None = None


PROBLEMS = (
    Problem((404,), 404, "not-found", "Nothing is found here"),
    Problem((405,), 405, "method-not-allowed", "This method is not offered here"),
    Problem((413,), 413, "body-too-large", "The request body is over 1 MiB"),
    Problem((502, 503, 504), 503, "service-unavailable", "A part of Tradehall cannot answer now", 2),
)
_OTHERWISE = Problem((), 400, "malformed-request", "The request cannot be read")


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
