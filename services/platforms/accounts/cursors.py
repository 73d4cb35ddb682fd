"""Cursors of lists that are read from platforms: the source, then the place of the page's last row."""

import re
from collections.abc import Callable
from datetime import datetime

from kit.errors import Invalid
from kit.http.pagination import Paging, Unsigned
from platforms.accounts.model import ListName, Place, Row
from platforms.connections.connector import Reading
from platforms.platforms.domain import Target

_SOUND = re.compile(r"[^\0-\x1f]{0,200}")
_CLOCK, _CLOCK_FORM = "2026-03-02 09:30:00", "%Y-%m-%d %H:%M:%S"
_EXAMPLES: dict[ListName, Row] = {
    "accounts": (1,),
    "positions": (1, 1),
    "orders": (1, 1),
    "deals": (1, 1, 1, 1, "", _CLOCK, "", "", ""),
    "symbols": ("",),
}


def cursor_of(reading: Reading, what: ListName, target: Target) -> Callable[[Row], list[int | str | None]]:
    """From a page's last row to the values of the next page's cursor."""
    return lambda row: [target, *reading.place(what, row)]


def place_after(paging: Paging, reading: Reading, what: ListName, target: Target) -> Place | None:
    """Where the page before ended; None for the first page.

    Raises Invalid for the cursor of another list or source.
    """
    example = reading.place(what, _EXAMPLES[what])
    key = paging.after_key(str, *(Unsigned if isinstance(value, int) else str for value in example))
    if key is None:
        return None
    source, *given = key
    if source != target or not all(map(_fits, given, example)):
        raise Invalid("cursor", "must be the next_cursor of this list and source")
    return tuple(given)


def _fits(given: int | str, example: int | str) -> bool:
    """Whether a platform may get this value: text without control characters, and a clock's time as clocks show it."""
    if isinstance(given, int):
        return True
    if not _SOUND.fullmatch(given):
        return False
    if example != _CLOCK:
        return True
    try:
        return datetime.fromisoformat(given).strftime(_CLOCK_FORM) == given
    except ValueError:
        return False
