"""The position in a list that is sorted by a time and an id."""

from datetime import datetime
from uuid import UUID

from kit.http.pagination import Paging

Place = tuple[datetime | str, UUID] | None
"""The sort values of the last row that was shown; None at the start."""


def place(paging: Paging) -> Place:
    """The position that a cursor holds. Raises Invalid for a cursor of another list."""
    return None if paging.after is None else paging.time_and_id()
