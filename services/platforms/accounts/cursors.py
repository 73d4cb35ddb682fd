"""Cursors of lists that are read from platforms: the source, then the place of the page's last row."""

import re
from collections.abc import Callable
from datetime import datetime

from kit.errors import Invalid
from kit.http.pagination import Paging
from platforms.accounts.model import Place, Row, What
from platforms.connections.connector import Reading
from platforms.platforms.domain import Target

_SOUND = re.compile(r"[^\0-\x1f\ud800-\udfff]{0,200}")
_CLOCK, _CLOCK_FORM = "2026-03-02 09:30:00", "%Y-%m-%d %H:%M:%S"
_EXAMPLES: dict[What, Row] = {
    "accounts": (1,),
    "positions": (1, 1),
    "orders": (1, 1),
    "deals": (1, 1, 1, 1, "", _CLOCK, "", "", ""),
    "symbols": ("",),
}


def cursor_of(reading: Reading, what: What, target: Target) -> Callable[[Row], list[int | str | None]]:
    """From a page's last row to the values of the next page's cursor."""
    return lambda row: [target, *reading.place(what, row)]


def place_after(paging: Paging, reading: Reading, what: What, target: Target) -> Place | None:
    """Where the page before ended; None for the first page.

    Raises Invalid for the cursor of another list or source.
    """
    if paging.after is None:
        return None
    example = reading.place(what, _EXAMPLES[what])
    name, *given = paging.after or [None]
    if name != target or len(given) != len(example) or not all(map(_fits, given, example)):
        raise Invalid("cursor", "must be the next_cursor of this list and source")
    return tuple(given)


def _fits(given: int | str, example: int | str | None) -> bool:
    """Cursors are not signed: their values are checked as closely as any other input."""
    if isinstance(example, int):
        return type(given) is int and 0 <= given < 2**64
    if not isinstance(given, str) or not _SOUND.fullmatch(given):
        return False
    if example != _CLOCK:
        return True
    try:
        return datetime.fromisoformat(given).strftime(_CLOCK_FORM) == given
    except ValueError:
        return False
