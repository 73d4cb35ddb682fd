"""The cause of a call (actor, request, message), carried without being passed, and recorded on each event."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Cause:
    """`actor`: id of the user or client, or None for the system itself. `correlation`: the request's id.
    `causation`: id of the message that led here. `traceparent`: W3C trace context."""

    actor: str | None = None
    correlation: str | None = None
    causation: str | None = None
    traceparent: str | None = None


_cause: ContextVar[Cause] = ContextVar("cause", default=Cause())  # noqa: B039 - Cause is frozen


def cause() -> Cause:
    """The cause of the present call."""
    return _cause.get()


@contextmanager
def acting(**changes: Any) -> Iterator[None]:
    """Change these attributes of the cause within the block."""
    token = _cause.set(replace(_cause.get(), **changes))
    try:
        yield
    finally:
        _cause.reset(token)


def begin(new: Cause) -> None:
    """Set the cause for the rest of this request's context."""
    _cause.set(new)


def set_cause(**changes: Any) -> None:
    """Change the cause for the rest of this request's context (used where no block can be opened)."""
    _cause.set(replace(_cause.get(), **changes))
