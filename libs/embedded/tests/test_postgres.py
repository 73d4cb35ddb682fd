"""The PostgreSQL from the wheel, for real."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import psycopg
import pytest

from embedded import EmbeddedError, Postgres, temporary_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    with temporary_folder() as path:
        yield path


def test_each_role_reaches_its_own_database_only() -> None:
    with Postgres(fsync=False) as server:
        first = server.create_database("first")
        second = server.create_database("second")
        with psycopg.connect(first) as connection:
            assert connection.execute("SELECT current_user, lower('ÄÖ')").fetchone() == ("first", "äö")
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(second.replace("/second", "/first"))
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(first.replace(first.split("@")[0], "postgresql://first:wrong"))


def test_data_survive_a_stop_and_a_kill(folder: Path) -> None:
    server = Postgres(folder / "pg", fsync=False)
    server.start()
    dsn = server.create_database("kept", "unchanged")
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE facts (fact int)")
        connection.execute("INSERT INTO facts VALUES (1)")
    server.stop()
    server.start()
    os.kill(server.pid, signal.SIGKILL)
    server.stop()

    again = Postgres(folder / "pg", server.port, fsync=False)
    with again, psycopg.connect(again.create_database("kept", "unchanged")) as connection:
        assert connection.execute("SELECT fact FROM facts").fetchone() == (1,)


def test_an_interrupted_initialisation_is_repeated(folder: Path) -> None:
    half_done = folder / "pg" / "data.new"
    half_done.mkdir(parents=True)
    (folder / "pg").chmod(0o711)
    (half_done / "PG_VERSION").write_text("18\n")
    with Postgres(folder / "pg", fsync=False) as server:
        assert server.run_sql("SELECT 1").strip() == "1"
    assert not half_done.exists()


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("PG_VERSION", "9\n", "was written by PostgreSQL 9"),
        ("PG_VERSION", "?", "is no readable PostgreSQL data folder"),
        ("letters", "x", "no PG_VERSION"),
    ],
)
def test_unusable_data_are_kept_and_reported(folder: Path, name: str, text: str, sentence: str) -> None:
    strange = folder / "data" / name
    strange.parent.mkdir()
    strange.write_text(text)
    with pytest.raises(EmbeddedError, match=sentence):
        Postgres(folder, fsync=False).start()
    assert strange.read_text() == text


def test_the_log_quotes_neither_statements_nor_rows(folder: Path) -> None:
    """Of a deadlock, which the server tells with what each process was at."""
    log = folder / "postgres.log"
    with Postgres(fsync=False, log=log) as server:
        dsn = server.create_database("quiet")
        with psycopg.connect(dsn) as connection:
            connection.execute("CREATE TABLE facts (id int PRIMARY KEY, fact text NOT NULL)")
            connection.execute("INSERT INTO facts VALUES (1, ''), (2, '')")
        both = Barrier(2)

        def change(first: int) -> None:
            with psycopg.connect(dsn, cursor_factory=psycopg.ClientCursor) as connection:
                connection.execute("UPDATE facts SET fact = %s WHERE id = %s", ("private", first))
                both.wait()
                connection.execute("UPDATE facts SET fact = %s WHERE id = %s", ("private", 3 - first))

        with ThreadPoolExecutor(2) as pool:
            failed = [change.exception() for change in [pool.submit(change, first) for first in (1, 2)]]
        assert [type(each) for each in failed if each] == [psycopg.errors.DeadlockDetected]
        with psycopg.connect(dsn) as connection, pytest.raises(psycopg.errors.NotNullViolation):
            connection.execute("INSERT INTO facts (fact) VALUES ('private')")
    said = log.read_text()
    assert "deadlock detected" in said
    assert "null value" in said
    assert "private" not in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL under another account")
def test_a_folder_closed_to_the_account_keeps_its_mode(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedded.datafolder.STATE_FOLDER", folder / "state")
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    with Postgres(closed / "pg", fsync=False) as server:
        assert server.notice is not None
        assert "cannot reach" in server.notice
        assert server.data.is_relative_to(folder / "state")
        assert server.run_sql("SELECT 1").strip() == "1"
    assert closed.stat().st_mode & 0o777 == 0o700
