"""A backup's moment is the same in all databases, while commands go on."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import psycopg
import pytest

from deploy.cli.running import NotRunning
from deploy.cli.snapshots import snapshots
from embedded import Postgres

TABLES = "CREATE TABLE events (sequence bigserial PRIMARY KEY); CREATE TABLE epochs (epoch text, after_sequence bigint)"


@pytest.fixture
def dsns(postgres_server: Postgres) -> dict[str, str]:
    """Two services; the second receives events of the first."""
    made = {name: postgres_server.create_database(f"moment_{name}") for name in ("told", "source")}
    for dsn in made.values():
        with psycopg.connect(dsn) as connection:
            connection.execute("DROP TABLE IF EXISTS events, epochs")
            connection.execute(TABLES.encode())
    return made


def test_snapshots_contain_no_effect_without_its_cause(dsns: dict[str, str]) -> None:
    ended, differing = Event(), set()

    def command_and_effect() -> None:
        with (
            psycopg.connect(dsns["source"], autocommit=True) as source,
            psycopg.connect(dsns["told"], autocommit=True) as told,
        ):
            while not ended.is_set():
                for database in (source, told):
                    database.execute("INSERT INTO events DEFAULT VALUES")

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(command_and_effect)
        try:
            for _ in range(20):
                with snapshots(dsns) as moment:
                    rows = {name: one.tables()["events"] for name, one in moment.items()}
                differing.add(rows["source"] - rows["told"])
        finally:
            ended.set()
        writing.result(10)
    assert rows["told"] > 20
    assert differing <= {0, 1}


def test_an_endless_command_prevents_a_backup(dsns: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.cli.snapshots._WAIT", "50ms")
    monkeypatch.setattr("deploy.cli.snapshots._TRIES", 2)
    with psycopg.connect(dsns["told"]) as command:
        command.execute("LOCK TABLE events IN EXCLUSIVE MODE")
        with pytest.raises(NotRunning, match="The databases were busy"), snapshots(dsns):
            pass
