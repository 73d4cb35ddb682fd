"""Refusals: the errors that a service answers. Each has a stable code and an HTTP status (RFC 9457)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class FieldError:
    """An invalid value: `field` is its path in the request ("name", "scopes.0"), `message` says how to correct it."""

    field: str
    message: str


class Refusal(Exception):
    """A request that is understood and refused.

    `detail` is shown to the caller; it never holds a secret or anything of another tenant.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad-request"
    title: ClassVar[str] = "Request refused"

    def __init__(
        self,
        detail: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[FieldError] = (),
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.headers = dict(headers or {})
        self.errors = tuple(errors)


class Unauthenticated(Refusal):
    status = 401
    code = "unauthenticated"
    title = "A valid access token is required"

    def __init__(self, detail: str = "", *, challenge: str = "Bearer") -> None:
        super().__init__(detail, headers={"WWW-Authenticate": challenge})


class Forbidden(Refusal):
    status = 403
    code = "forbidden"
    title = "Permission denied"


class NotFound(Refusal):
    status = 404
    code = "not-found"
    title = "Not found"


class Conflict(Refusal):
    status = 409
    code = "conflict"
    title = "Version conflict: re-read and retry"


class Gone(Refusal):
    status = 410
    code = "gone"
    title = "No longer available"


class TooLarge(Refusal):
    status = 413
    code = "body-too-large"
    title = "Request body exceeds 1 MiB"


class Invalid(Refusal):
    """An invalid value; names the field and says how to correct it."""

    status = 422
    code = "invalid"
    title = "Invalid value"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message, errors=[FieldError(field, message)])


class TooManyRequests(Refusal):
    """`retry_after` is in seconds."""

    status = 429
    code = "too-many-requests"
    title = "Too many requests"

    def __init__(self, detail: str = "", *, retry_after: int) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


class Unavailable(Refusal):
    """A dependency of the service does not answer; nothing was changed. `retry_after` is in seconds."""

    status = 503
    code = "service-unavailable"
    title = "Service temporarily unavailable: nothing was changed"

    def __init__(self, detail: str = "", *, retry_after: int = 2) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})
