"""The report of an erasure."""

from collections.abc import Iterator
from uuid import UUID

from kit.operations.answers import Answer


class ErasureReport(Answer):
    """What identity destroyed: rows by name, subjects whose messages were overwritten, and those that still wait."""

    user_id: UUID
    rows: dict[str, int]
    overwritten: int
    waiting: int
    erasure_list: str

    def lines(self) -> Iterator[str]:
        yield f"erased {self.user_id}"
        yield from (f"identity, database: {number} {name}" for name, number in self.rows.items())
        yield f"identity, stream: messages of {self.overwritten} subjects overwritten"
        if self.waiting:
            yield f"identity, stream: {self.waiting} subjects wait until the running service reaches the bus"
        yield f"erasure log: {self.erasure_list}"
