"""Lists by cursor: `{"items": [...], "next_cursor": ...}`, `?limit=` and `?cursor=`."""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar, overload
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field, ValidationError, validate_call
from pydantic_core import to_json
from starlette.responses import Response

from kit.errors import Invalid

T = TypeVar("T")
S = TypeVar("S")
A = TypeVar("A", int, str, datetime, UUID)
B = TypeVar("B", int, str, datetime, UUID)
HIGHEST = 2**63 - 1
"""Of PostgreSQL's bigint: a list by falling ids begins below it."""
TimeAndId = tuple[datetime, UUID]
"""The sort values of a list by time."""
EARLIEST: tuple[str, UUID] = ("-infinity", UUID(int=0))
"""A time and an id before all others, as SQL parameters: a list by rising times begins after it."""


class Unsigned(int):
    """Kind of a sort value of another system: a 64-bit number without a sign, which fits no bigint."""


class Page(BaseModel, Generic[T]):
    """A page of a list."""

    model_config = ConfigDict(json_schema_extra={"description": "A page of a list."})  # of every kind of item

    items: list[T] = Field(description="Items of the page.")
    next_cursor: str | None = Field(
        default=None,
        description="Send it as `cursor` to get the next page; null on the last page.",
        examples=["WyIyMDI2LTAzLTAyVDA5OjMwOjAwKzAwOjAwIl0"],
    )


@dataclass(frozen=True)
class Paging:
    """`limit` rows after the row whose sort values are `after`, as JSON scalars (None at the start).

    A list reads them typed, by `after_key`: cursors are not signed, so they are validated like any input.
    """

    limit: int = 50
    after: list[Any] | None = None

    @overload
    def after_key(self, kind: type[A], /) -> tuple[A] | None: ...

    @overload
    def after_key(self, kind: type[A], second: type[B], /) -> tuple[A, B] | None: ...

    @overload
    def after_key(self, *kinds: type[Any]) -> tuple[Any, ...] | None: ...

    def after_key(self, *kinds: type[Any]) -> tuple[Any, ...] | None:
        """The sort values after which the list goes on, one of each kind; None at the start.

        Kinds are int (of PostgreSQL's bigint), Unsigned, str (that PostgreSQL can store), datetime (with a zone) and
        UUID.
        Raises Invalid for the cursor of another list.
        """
        if self.after is None:
            return None
        if len(self.after) != len(kinds):
            raise _foreign()
        try:
            return tuple(_READERS[kind](value) for kind, value in zip(kinds, self.after, strict=True))
        except (ValueError, TypeError) as error:
            raise _foreign() from error

    def page(self, rows: Sequence[S], show: Callable[[S], T], key: Callable[[S], Sequence[Any]]) -> Page[T]:
        """A page from limit + 1 rows; `key` gives a row's sort values, as JSON scalars."""
        shown = rows[: self.limit]
        cursor = _encode(key(shown[-1])) if len(rows) > self.limit else None
        return Page(items=[show(row) for row in shown], next_cursor=cursor)


def _paging(
    limit: Annotated[int, Query(ge=1, le=200, description="Maximum number of items.", examples=[50])] = 50,
    cursor: Annotated[str | None, Query(max_length=500, description="The `next_cursor` of the previous page.")] = None,
) -> Paging:
    return Paging(limit, None if cursor is None else _decode(cursor))


Paged = Annotated[Paging, Depends(_paging)]
_validated = validate_call(_paging)
_FIRST = Paging()


def paging_of(query: bytes) -> Paging | None:
    """The same from a query string; None if it has a wrong or another parameter."""
    if not query:
        return _FIRST
    try:
        given: dict[str, Any] = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
        return _validated(**given)
    except (ValidationError, Invalid):
        return None


def rendered(page: Page[Any]) -> Response:
    """The answer of a page whose items are shown already: no field is validated again."""
    return Response(to_json(dict(page)), media_type="application/json")


def _encode(values: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(list(values), default=str).encode()).decode().rstrip("=")


def _decode(cursor: str) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError) as error:
        raise _foreign() from error
    if not isinstance(values, list) or not all(type(value) in (str, int) for value in values):
        raise _foreign()
    return values


def _number(value: str | int) -> int:
    if type(value) is not int or abs(value) > HIGHEST:  # a bool is an int, too
        raise ValueError("no bigint")
    return value


def _unsigned(value: str | int) -> int:
    if type(value) is not int or not 0 <= value < 2**64:
        raise ValueError("no unsigned number of 64 bits")
    return value


def _text(value: str | int) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError("no text for PostgreSQL")
    value.encode()  # raises for half of a surrogate pair
    return value


def _time(value: str | int) -> datetime:
    time = datetime.fromisoformat(_text(value))
    if time.tzinfo is None:
        raise ValueError("a time without a zone")
    return time


def _id(value: str | int) -> UUID:
    return UUID(_text(value))


_READERS: Mapping[type, Callable[[str | int], Any]] = {
    int: _number,
    Unsigned: _unsigned,
    str: _text,
    datetime: _time,
    UUID: _id,
}


def _foreign() -> Invalid:
    return Invalid("cursor", "must be the next_cursor of this list")
