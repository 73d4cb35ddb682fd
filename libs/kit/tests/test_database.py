"""Transactions in few round trips: ordered deferred writes, rollback, migrations."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from threading import Barrier
from typing import LiteralString
from uuid import uuid4

import psycopg
import pytest
from psycopg import Cursor
from psycopg.conninfo import conninfo_to_dict
from pydantic import BaseModel, SecretStr

from embedded.postgres import Postgres
from kit.db.database import Database
from kit.db.migrations import Migrations, migrate, opened
from kit.eventstore.recorder import NextSequence
from kit.http.idempotency import Idempotency, RequestKey, created
from kit.tests.notebook import NameTaken, Note, Notebook, open_notebook


class Made(BaseModel):
    """What a tiny route answers."""

    title: str


def _insert(title: str, cursor: Cursor[dict[str, object]]) -> None:
    cursor.execute("INSERT INTO notes (id, title) VALUES (%s, %s)", (uuid4(), title))


def _ask(statement: LiteralString, cursor: Cursor[dict[str, object]]) -> None:
    cursor.execute(statement)


def _titles(notebook: Notebook) -> list[str]:
    return [row["title"] for row in notebook.database.all("SELECT title FROM notes ORDER BY title")]


def test_deferred_writes_run_before_the_next_query(notebook: Notebook) -> None:
    with notebook.database.transaction() as cursor:
        cursor.later(partial(_insert, "a"))
        cursor.later(partial(_insert, "b"))
        assert _titles(notebook) == ["a", "b"]
        assert notebook.database.execute("UPDATE notes SET title = title || '!'") == 2
        cursor.later(partial(_insert, "c"))
    assert _titles(notebook) == ["a!", "b!", "c"]


def test_a_write_that_fails_at_commit_is_rolled_back_and_the_connection_stays_usable(notebook: Notebook) -> None:
    def twice(cursor: Cursor[dict[str, object]]) -> None:
        cursor.execute("INSERT INTO notes (id) SELECT %(id)s FROM generate_series(1, 2)", {"id": uuid4()})

    def fails() -> None:
        with notebook.database.transaction() as cursor:
            cursor.later(partial(_insert, "lost"))
            cursor.later(twice)

    for _ in range(8):  # over one connection and another
        with pytest.raises(psycopg.errors.UniqueViolation):
            notebook.run(fails)
    assert _titles(notebook) == []
    with notebook.database.transaction() as cursor:
        cursor.later(partial(_insert, "kept"))
    assert _titles(notebook) == ["kept"]


def test_deferred_writes_of_a_failed_transaction_are_dropped(notebook: Notebook) -> None:
    def fails() -> None:
        with notebook.database.transaction() as cursor:
            cursor.execute("SELECT 1")
            cursor.later(partial(_insert, "lost"))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        notebook.run(fails)
    with notebook.database.transaction():
        pass
    assert _titles(notebook) == []


def test_a_failed_statement_ends_only_its_transaction(notebook: Notebook) -> None:
    for _ in range(8):
        with pytest.raises(psycopg.errors.UndefinedTable), notebook.database.transaction() as cursor:
            cursor.execute("SELECT FROM nowhere")
    assert notebook.write("kept")


def test_a_command_without_queries_takes_one_round_trip(notebook: Notebook) -> None:
    notebook.write("warm")
    traced = []
    with tempfile.TemporaryFile("w+") as said:

        def work() -> None:
            with notebook.database.transaction() as cursor:
                traced.append(cursor.connection.pgconn)
                traced[0].trace(said.fileno())
            notebook.save(Note(title="traced", author=None))

        notebook.run(work)
        traced[0].untrace()
        said.seek(0)
        messages = said.read()
    assert messages.count("ReadyForQuery") == 1, messages
    assert _titles(notebook) == ["traced", "warm"]


def test_the_error_of_batched_statements_shows_no_value(notebook: Notebook) -> None:
    statements: tuple[tuple[LiteralString, str], ...] = (
        ("INSERT INTO notes (id, title) SELECT id, 'secret' FROM notes", "notes_pkey"),
        ("SELECT FROM nowhere WHERE 'secret' = ''", "nowhere"),
    )
    for statement, cause in statements:
        notebook.write("secret")
        with pytest.raises(psycopg.Error) as failed, notebook.database.transaction() as cursor:
            cursor.later(partial(_ask, statement))
        assert cause in str(failed.value)
        assert "secret" not in str(failed.value)
        assert str(failed.value).count("\n") == 0


def test_the_error_of_a_single_statement_shows_no_row(notebook: Notebook) -> None:
    statement: LiteralString = "INSERT INTO notes (title) VALUES ('secret')"
    with pytest.raises(psycopg.errors.NotNullViolation) as alone:
        notebook.database.execute(statement)

    def second() -> None:
        with notebook.database.transaction() as cursor:
            cursor.execute("SELECT 1")
            cursor.execute(statement)

    with pytest.raises(psycopg.errors.NotNullViolation) as joined:
        second()
    for failed in (alone, joined):
        assert str(failed.value).startswith('null value in column "id"')
        assert "secret" not in str(failed.value)


def test_committing_after_an_ignored_error_raises(notebook: Notebook) -> None:
    def passes_over() -> None:
        with notebook.database.transaction() as cursor:
            _insert("lost", cursor)
            with suppress(psycopg.Error):
                cursor.execute("SELECT FROM nowhere")

    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        passes_over()
    assert _titles(notebook) == []
    assert notebook.write("kept")


def test_batched_statements_ignore_the_environments_encoding(
    postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    book = open_notebook(postgres_dsn)
    book.write("Größe \u20ac")
    assert _titles(book) == ["Größe \u20ac"]
    book.database.close()


def test_a_server_that_logs_values_causes_a_warning(
    postgres_server: Postgres, postgres_dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    opened(SecretStr(postgres_dsn), []).close()
    assert "with their values" not in caplog.text
    role = conninfo_to_dict(postgres_dsn)["user"]
    for setting in ("log_error_verbosity = 'default'", "log_min_error_statement = 'error'"):
        postgres_server.run_sql(f"ALTER ROLE {role} SET {setting}")
        opened(SecretStr(postgres_dsn), []).close()
        assert "with their values" in caplog.text
        caplog.clear()
        postgres_server.run_sql(f"ALTER ROLE {role} RESET ALL")


def test_the_next_sequence_is_valid_only_inside_a_statement(notebook: Notebook) -> None:
    with notebook.database.transaction() as cursor:
        cursor.later(lambda cursor: cursor.execute("SELECT nextval('events_sequence_seq')"))
        cursor.later(
            lambda cursor: cursor.execute(
                "INSERT INTO notes (id, title) SELECT gen_random_uuid(), (%s = %s - 1)::text",
                (NextSequence(-1), NextSequence(0)),
            )
        )
    assert _titles(notebook) == ["true"]
    with pytest.raises(TypeError):
        notebook.database.one("SELECT %s::bigint AS bound", (NextSequence(0),))


def test_a_unique_violation_at_commit_becomes_the_refusal(
    postgres_dsn: str,
) -> None:
    book = open_notebook(postgres_dsn, unique_titles=True)
    once = Idempotency(book, b"k" * 32).once
    first, second = (RequestKey(key, "POST /notes", b"{}") for key in ("first", "second"))

    def work() -> object:
        return created(Made(title=str(book.write("one name"))), "/notes")

    answer = once(first, "ann", work)  # type: ignore[arg-type]
    for _ in range(2):
        with pytest.raises(NameTaken):
            once(second, "ann", work)  # type: ignore[arg-type]
    assert once(first, "ann", work).body == answer.body  # type: ignore[arg-type]
    assert len(book.read(0, 10)) == 1
    book.database.close()


def test_concurrent_replicas_migrate_once(postgres_dsn: str) -> None:
    slowly = "SELECT pg_sleep(0.3); INSERT INTO things (name) VALUES ('one')"
    migrations: Migrations = [("1", "CREATE TABLE things (name text)"), ("2", slowly)]
    together = Barrier(2)

    def start(_: int) -> Database:
        together.wait()
        return opened(SecretStr(postgres_dsn), migrations)

    with ThreadPoolExecutor(2) as pool:
        replicas = list(pool.map(start, range(2)))
    for database in replicas:
        assert database.all("SELECT name FROM things") == [{"name": "one"}]
        assert [row["name"] for row in database.all("SELECT name FROM migrations ORDER BY name")] == ["1", "2"]
        database.close()


def test_a_failed_migration_leaves_no_trace_and_is_repeated(postgres_dsn: str) -> None:
    database = opened(SecretStr(postgres_dsn), [("1", "CREATE TABLE things (name text)")])
    with pytest.raises(psycopg.errors.UndefinedTable):
        migrate(database, [("1", "never again"), ("2", "CREATE TABLE more (name text)"), ("3", "SELECT FROM nowhere")])
    assert database.one("SELECT to_regclass('more') AS found") == {"found": None}
    migrate(database, [("2", "CREATE TABLE more (name text)")])  # and what it does not know any more is no matter
    assert database.one("SELECT count(*) AS steps FROM migrations") == {"steps": 2}
    database.close()


def test_a_migration_waiting_for_a_table_does_not_block_others(postgres_dsn: str) -> None:
    database = opened(SecretStr(postgres_dsn), [("1", "CREATE TABLE things (name text)")])
    with psycopg.connect(postgres_dsn) as reading, ThreadPoolExecutor(1) as pool:
        reading.execute("SELECT FROM things")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            migrate(database, [("2", "ALTER TABLE things ADD COLUMN size integer")])
        replica = pool.submit(opened, SecretStr(postgres_dsn), [("2", "ALTER TABLE things ADD COLUMN size integer")])
        assert database.all("SELECT name FROM things") == []  # within its deadline, whatever the replica waits for
        reading.commit()
        replica.result(20).close()
    assert database.all("SELECT size FROM things") == []
    database.close()
