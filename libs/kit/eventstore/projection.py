"""Projections: they update a service's read models in the transaction that stores its events."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, LiteralString, TypeVar

from psycopg import Cursor

from kit.db.database import Database

_E = TypeVar("_E")


@dataclass(frozen=True)
class Rows:
    """Rows of a table that events alone fill: those for which the SQL condition `which` holds.

    A rebuild compares and replaces no others, such as rows that expire and are deleted then.
    """

    table: str
    which: LiteralString = "true"


Change = Callable[[Any, Cursor[Any], Any, Any], None]


def on(*events: type) -> Callable[[Change], Change]:
    """Mark a method `(self, cursor, event, recorded)` as the change that one or more event classes make."""

    def mark(change: Change) -> Change:
        change.__dict__["changes_on"] = events
        return change

    return mark


class Projection:
    """Base of the projections: each applies stored events to the tables of one or more read models.

    `tables` are the tables that events alone fill, in an order in which they can be emptied. A change only
    writes and never reads its own answer, so that a rebuild can pipeline it; the same event applied to the
    same state gives the same rows.
    """

    tables: ClassVar[tuple[str, ...]] = ()
    _changes: ClassVar[dict[type, Callable[..., None]]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        # A class that joins several projections has the changes of all of them.
        cls._changes = {e: c for base in reversed(cls.__mro__) for e, c in vars(base).get("_changes", {}).items()}
        for value in vars(cls).values():
            for event in getattr(value, "changes_on", ()):
                cls._changes[event] = value

    def __init__(self, database: Database) -> None:
        self.database = database

    def apply(self, cursor: Cursor[Any], recorded: Any) -> None:
        """Change the rows that one stored event changes."""
        change = self._changes.get(type(recorded.event))
        if change is not None:
            change(self, cursor, recorded.event, recorded)

    def apply_all(self, cursor: Cursor[Any], events: Sequence[Any]) -> None:
        """Apply events in order, in a rebuild; overridden by projections that can do that at once."""
        for recorded in events:
            self.apply(cursor, recorded)

    def rows(self) -> Sequence[Rows]:
        """The rows that events alone fill, in an order in which they can be deleted."""
        return [Rows(table) for table in self.tables]
