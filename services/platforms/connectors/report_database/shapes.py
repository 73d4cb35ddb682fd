"""The conversion of table rows to the rows of a list."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from platforms.accounts.model import Place, Row
from platforms.accounts.values import WallClock

Convert = Callable[[Sequence[Any], WallClock], Iterable[Row]]
"""From a table's row, in the order of `columns` and all of it text, to rows of the model."""


@dataclass(frozen=True)
class Shape:
    """How a list of the model is read: `columns` are lower-case names of `table`, or `alias.column` of a joined one.

    `key` is unique and gives the order. `place` gives the place of a row of the model in that order.
    """

    table: str
    key: str
    columns: tuple[str, ...]
    convert: Convert
    place: Callable[[Row], Place] = lambda row: (row[0],)
    login: str | None = "login"
    times: tuple[str, ...] = ()
    """A row is taken when one of these lies in the time that is asked for."""
    only: Mapping[str, Sequence[int | str]] = field(default_factory=dict)
    """Columns and the values of which they must have one."""
    joins: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """By alias, a table that may be missing, and the column that it shares with `table`."""
