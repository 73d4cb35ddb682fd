"""Rebuild of read models: beside the live ones, which are replaced where they differ."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, Cursor, sql

from kit.errors import Conflict
from kit.eventstore.projection import Rows
from kit.eventstore.store import Recorded, Store


class ErasedDuringRebuild(Conflict):
    """A user was erased meanwhile: what was built may still show them, so it is not used."""

    code = "forgotten-meanwhile"
    title = "A user was erased during the rebuild: nothing was changed, run it again"


@dataclass(frozen=True)
class Rebuilt:
    """How many events were applied, and by table how many rows were wrong: too many, missing, or other ones."""

    events: int
    differing: dict[str, int]


def rebuild(store: Store, *, batch: int = 2_000, progress: Callable[[int], None] = lambda _: None) -> Rebuilt:
    """Commands and reads go on meanwhile; commands wait only for the last events, the comparison, and the corrections.

    `progress` is called with the sequence reached. Raises ErasedDuringRebuild.
    """
    with store.database.long_work() as connection, connection.cursor() as cursor:
        forgotten = _forgotten(cursor)
        schema = _begin(cursor, store)
        done, reached = 0, 0
        for events in _all(store, connection, batch):
            done, reached = done + len(events), events[-1].sequence
            progress(reached)
        cursor.execute("LOCK TABLE events IN EXCLUSIVE MODE")
        for events in _all(store, connection, batch, reached):
            done += len(events)
        if _forgotten(cursor) != forgotten:
            raise ErasedDuringRebuild
        differing = {rows.table: _differences(cursor, schema, rows) for rows in store.views.rows()}
        wrong = [rows for rows in store.views.rows() if differing[rows.table]]
        _replace(cursor, schema, wrong)
        return Rebuilt(done, {table: count for table, count in differing.items() if count})


def _begin(cursor: Cursor[dict[str, Any]], store: Store) -> str:
    """Empty temporary tables, which from now on hide the live ones of the same names; the schema of those."""
    row = cursor.execute("SELECT current_schema() AS name").fetchone()
    assert row is not None
    for rows in store.views.rows():
        cursor.execute(
            sql.SQL("CREATE TEMPORARY TABLE {} (LIKE {} INCLUDING ALL) ON COMMIT DROP").format(
                sql.Identifier(rows.table), sql.Identifier(row["name"], rows.table)
            )
        )
    return str(row["name"])


def _all(store: Store, connection: Connection[dict[str, Any]], batch: int, after: int = 0) -> Iterator[list[Recorded]]:
    """Apply all events after a sequence."""
    for events in store.batches(connection, after, batch):
        with connection.pipeline(), connection.cursor() as cursor:
            store.views.apply_all(cursor, events)
        yield events


def _forgotten(cursor: Cursor[dict[str, Any]]) -> int:
    row = cursor.execute("SELECT count(*) AS keys FROM subject_keys WHERE destroyed_at IS NOT NULL").fetchone()
    assert row is not None
    return int(row["keys"])


def _differences(cursor: Cursor[dict[str, Any]], schema: str, rows: Rows) -> int:
    """The number of rows that are in one of the two only; of the larger side, so that a changed row counts once."""
    query = sql.SQL(
        "WITH live AS (SELECT * FROM {live} WHERE {which}), new AS (SELECT * FROM {new} WHERE {which}) "
        "SELECT greatest((SELECT count(*) FROM (TABLE live EXCEPT ALL TABLE new) a), "
        "(SELECT count(*) FROM (TABLE new EXCEPT ALL TABLE live) b)) AS rows"
    )
    row = cursor.execute(query.format(**_parts(schema, rows))).fetchone()
    assert row is not None
    return int(row["rows"])


def _replace(cursor: Cursor[dict[str, Any]], schema: str, wrong: list[Rows]) -> None:
    """By DELETE, since TRUNCATE would block readers until the end."""
    for rows in wrong:
        cursor.execute(sql.SQL("DELETE FROM {live} WHERE {which}").format(**_parts(schema, rows)))
    for rows in reversed(wrong):
        cursor.execute(sql.SQL("INSERT INTO {live} SELECT * FROM {new} WHERE {which}").format(**_parts(schema, rows)))


def _parts(schema: str, rows: Rows) -> dict[str, sql.Composable]:
    return {
        "live": sql.Identifier(schema, rows.table),
        "new": sql.Identifier("pg_temp", rows.table),
        "which": sql.SQL(rows.which),
    }
