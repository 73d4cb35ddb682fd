"""Refusals: what a service says no with. Each has a stable code and an HTTP status (RFC 9457)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class FieldError:
    """One wrong value: `field` is its path in the request ("name", "scopes.0"), `message` says the fix."""

    field: str
    message: str


class Refusal(Exception):
    """A request that is understood and refused.

    `detail` is shown to the caller; it never holds a secret or anything of another tenant.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad-request"
    title: ClassVar[str] = "The request is refused"

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
    title = "A valid access token is needed"

    def __init__(self, detail: str = "", *, challenge: str = "Bearer") -> None:
        super().__init__(detail, headers={"WWW-Authenticate": challenge})


class Forbidden(Refusal):
    status = 403
    code = "forbidden"
    title = "A right is missing"


class NotFound(Refusal):
    status = 404
    code = "not-found"
    title = "Nothing is found here"


class Conflict(Refusal):
    status = 409
    code = "conflict"
    title = "The request meets a newer state; read it again and repeat"


class Gone(Refusal):
    status = 410
    code = "gone"
    title = "This is no longer available"


class TooLarge(Refusal):
    status = 413
    code = "body-too-large"
    title = "The request body is over 1 MiB"


class Invalid(Refusal):
    """A value that cannot be taken; names the field and what to do about it."""

    status = 422
    code = "invalid"
    title = "A value is not acceptable"

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
    """Something this service needs does not answer; nothing was done. `retry_after` is in seconds."""

    status = 503
    code = "service-unavailable"
    title = "The service cannot answer now; nothing was done"

    def __init__(self, detail: str = "", *, retry_after: int = 2) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})
