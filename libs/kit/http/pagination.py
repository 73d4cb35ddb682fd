"""Lists by cursor: `{"items": [...], "next_cursor": ...}`, `?limit=` and `?cursor=`."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel

from kit.errors import Invalid

T = TypeVar("T")
S = TypeVar("S")
_HIGHEST = 2**63 - 1  # of PostgreSQL's bigint


class Page(BaseModel, Generic[T]):
    items: list[T]
    next_cursor: str | None = None


@dataclass(frozen=True)
class Paging:
    """`limit` rows after the row whose sort values are `after` (None at the start)."""

    limit: int = 50
    after: list[Any] | None = None

    def time_and_id(self) -> tuple[datetime | str, UUID]:
        """Where to go on in a list sorted by a time and an id, as SQL parameters. Raises Invalid."""
        if self.after is None:
            return "-infinity", UUID(int=0)
        try:
            time, last_id = self.after
            return datetime.fromisoformat(time), UUID(last_id)
        except (ValueError, TypeError, AttributeError) as error:
            raise _not_ours() from error

    def number(self) -> int:
        """Where to go on in a list sorted by a falling number, whose rows are below this one. Raises Invalid."""
        if self.after is None:
            return _HIGHEST
        if len(self.after) != 1 or type(self.after[0]) is not int or abs(self.after[0]) > _HIGHEST:
            raise _not_ours()
        return self.after[0]

    def page(self, rows: Sequence[S], show: Callable[[S], T], key: Callable[[S], Sequence[Any]]) -> Page[T]:
        """A page from limit + 1 rows; `key` gives a row's sort values, as JSON scalars."""
        shown = rows[: self.limit]
        cursor = _encode(key(shown[-1])) if len(rows) > self.limit else None
        return Page(items=[show(row) for row in shown], next_cursor=cursor)


def _paging(
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Paging:
    return Paging(limit, None if cursor is None else _decode(cursor))


Paged = Annotated[Paging, Depends(_paging)]


def _encode(values: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(list(values), default=str).encode()).decode().rstrip("=")


def _decode(cursor: str) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error) as error:
        raise _not_ours() from error
    if not isinstance(values, list) or not all(isinstance(v, str | int) for v in values):
        raise _not_ours()
    return values


def _not_ours() -> Invalid:
    return Invalid("cursor", "is not one that a list gave; take next_cursor as it is")
