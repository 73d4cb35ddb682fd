"""Snapshots of all databases at one moment, consistent with each other."""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import Connection, sql
from psycopg.rows import dict_row

from deploy.cli.running import NotRunning

_TRIES = 10
_WAIT = "2s"  # for commands under way, while others wait behind us
_MASTER_KEYS = """
SELECT DISTINCT ON (key_id) key_id, associated, wrapped FROM (
    SELECT key_id, 'service|' || purpose AS associated, wrapped FROM service_keys
    UNION ALL SELECT key_id, 'subject|' || subject, wrapped FROM subject_keys WHERE wrapped IS NOT NULL) AS keys
ORDER BY key_id"""


@dataclass(frozen=True)
class Snapshot:
    """One database at that moment; `name` is what pg_dump takes for it."""

    name: str
    connection: Connection[dict[str, Any]]

    def tables(self) -> dict[str, int]:
        """How many rows each table has."""
        names = self.connection.execute(
            "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
        ).fetchall()
        return {row["name"]: self._one(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(row["name"])))
                for row in names}  # fmt: skip

    def place(self) -> tuple[str | None, int]:
        """The present epoch, None before anything was published, and the last event's sequence."""
        epoch = self._one(
            sql.SQL("SELECT (SELECT epoch FROM epochs ORDER BY after_sequence DESC, begun_at DESC LIMIT 1)")
        )
        return epoch, self._one(sql.SQL("SELECT coalesce(max(sequence), 0) FROM events"))

    def migrations(self) -> list[str]:
        return [row["name"] for row in self.connection.execute("SELECT name FROM migrations ORDER BY 1").fetchall()]

    def master_keys(self) -> list[dict[str, Any]]:
        """Of each master key one key that it wraps: key_id, associated, wrapped."""
        return self.connection.execute(_MASTER_KEYS).fetchall()

    def _one(self, query: sql.SQL | sql.Composed) -> Any:
        row = self.connection.execute(query).fetchone()
        assert row is not None
        (value,) = row.values()
        return value


@contextmanager
def snapshots(dsns: Mapping[str, str]) -> Iterator[Mapping[str, Snapshot]]:
    """Snapshots of all databases, taken while event tables are locked everywhere, for milliseconds.

    So no database holds the effect of an event that another one lacks. Raises NotRunning if long commands leave
    no such moment.
    """
    with ExitStack() as stack:
        reading = {name: stack.enter_context(psycopg.connect(dsn, row_factory=dict_row)) for name, dsn in dsns.items()}
        for connection in reading.values():
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
        for _ in range(_TRIES):
            try:
                with _still(dsns):
                    moment = {name: Snapshot(_exported(one), one) for name, one in reading.items()}
                break
            except psycopg.errors.LockNotAvailable:
                time.sleep(0.2)
        else:
            raise NotRunning("The databases were busy: is a long command running, such as a rebuild of views?")
        yield moment


@contextmanager
def _still(dsns: Mapping[str, str]) -> Iterator[None]:
    """No events are stored in any of these meanwhile."""
    with ExitStack() as stack:
        connections = [
            stack.enter_context(psycopg.connect(dsn, options=f"-c lock_timeout={_WAIT}")) for dsn in dsns.values()
        ]
        for connection in connections:
            connection.execute("LOCK TABLE events IN EXCLUSIVE MODE")
        yield


def _exported(connection: Connection[dict[str, Any]]) -> str:
    row = connection.execute("SELECT pg_export_snapshot() AS name").fetchone()
    assert row is not None
    return str(row["name"])
