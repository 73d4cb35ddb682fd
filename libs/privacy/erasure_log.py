"""The erasure log: the ids of erased users, in a file outside the database, so that restores erase them again."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID


class ErasureLog:
    """One line for each erasure, "<time> <user id>"; an id alone does not say who it was. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, user_id: UUID, now: datetime) -> None:
        """Add a user; the line is on disk when this returns."""
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, f"{now.astimezone(UTC).isoformat(timespec='seconds')} {user_id}\n".encode())
            os.fsync(handle)
        finally:
            os.close(handle)

    def ids(self) -> Sequence[UUID]:
        """All users in it, in the order of their first mention; none while there is no file."""
        if not self.path.exists():
            return []
        return list(dict.fromkeys(UUID(line.split()[1]) for line in self.path.read_text().splitlines()))
