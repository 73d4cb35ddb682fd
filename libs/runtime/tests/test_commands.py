"""The commands of a service, under their names and under the deprecated ones."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest
import typer
from pydantic import SecretStr
from typer.testing import CliRunner

from kit.messaging.bus import Bus
from kit.messaging.inbox import Inbox
from kit.tests.notebook import MIGRATIONS, Notebook, open_notebook
from kit.tests.test_delivery import parse
from privacy.export import Holder
from privacy.post_restore import PostRestore
from runtime.command_service import AnyService
from runtime.dead_letter_commands import add_dead_letter_commands
from runtime.privacy_commands import add_export_command, add_post_restore_command
from testing.servers import Databases


class OneInbox:
    """What the commands use of a service."""

    def __init__(self, book: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("runtime.output._CONNECT_SECONDS", 0.0)
        self.bus = Bus("nats://127.0.0.1:1", "notebook", SecretStr("x"))
        self._inboxes = [Inbox(book.database, "commands", parse, {})]

    def inboxes(self) -> list[Inbox]:
        return self._inboxes


@pytest.fixture
def notebook(databases: Databases) -> Iterator[Notebook]:
    book = open_notebook(databases.migrated(MIGRATIONS))
    yield book
    book.database.close()


@pytest.fixture
def app(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    service = cast("AnyService", OneInbox(notebook, monkeypatch))

    @contextmanager
    def opened() -> Iterator[AnyService]:
        yield service

    @contextmanager
    def holding() -> Iterator[Holder]:
        yield Holder(notebook.database, notebook)

    @contextmanager
    def restoring() -> Iterator[PostRestore]:
        yield PostRestore(notebook.database, {"notes": "DELETE FROM notes"})

    made = typer.Typer()
    add_dead_letter_commands(made, opened)
    add_export_command(made, holding)
    add_post_restore_command(made, restoring)
    return made


def dead_letter(book: Notebook, sequence: int) -> int:
    payload = {"id": "x", "source": "/s/1", "subject": "a", "sequence": sequence, "type": "t"}
    row = book.database.one(
        "INSERT INTO parked (durable, source, subject, sequence, type, payload, error, attempts) "
        "VALUES ('commands', '/s/1', 'a', %s, 't', %s, 'ValueError: it broke', 3) RETURNING id",
        (sequence, json.dumps(payload).encode()),
    )
    assert row is not None
    return int(row["id"])


@pytest.mark.parametrize(("name", "warning"), [("dead-letters", ""), ("parked", "use `dead-letters`")])
def test_dead_letters_are_listed_replayed_and_discarded(
    notebook: Notebook, app: typer.Typer, name: str, warning: str
) -> None:
    first, second = dead_letter(notebook, 1), dead_letter(notebook, 2)

    def run(*arguments: str) -> tuple[int, Any]:
        done = CliRunner().invoke(app, [name, *arguments, "--json"])
        assert warning in done.stderr
        assert bool(warning) == ("deprecated" in done.stderr)
        return done.exit_code, json.loads(done.stdout)

    code, rows = run("list")
    assert (code, [row["id"] for row in rows]) == (0, [first, second])
    assert "payload" not in rows[0]
    assert run("discard", str(first), "--reason", "a test") == (0, {"discarded": True})
    assert run("discard", str(first), "--reason", "a test") == (1, {"discarded": False})
    assert run("replay") == (0, {"replayed": 1, "failed": []})
    assert run("list") == (0, [])


@pytest.mark.parametrize(("name", "deprecated"), [("person-export", False), ("person-held", True)])
def test_personal_data_are_exported(notebook: Notebook, app: typer.Typer, name: str, deprecated: bool) -> None:
    notebook.write("of Ada", "ada@example.com")
    done = CliRunner().invoke(app, [name, str(uuid4()), "--email", "ada@example.com", "--json"])
    assert done.exit_code == 0, done.output
    assert [row["title"] for row in json.loads(done.stdout)["rows"]["notes"]] == ["of Ada"]
    assert ("is deprecated: use `person-export`" in done.stderr) == deprecated


@pytest.mark.parametrize(("name", "deprecated"), [("post-restore", False), ("restored", True)])
def test_a_restored_database_is_reset(
    notebook: Notebook, app: typer.Typer, tmp_path: Path, name: str, deprecated: bool
) -> None:
    notebook.write("before the backup")
    notebook.epochs()
    done = CliRunner().invoke(app, [name, "--erasure-list", str(tmp_path / "erased.txt"), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["ended"] == {"copies of signing keys": 0, "notes": 1}
    assert len(notebook.epochs()) == 2
    assert ("is deprecated: use `post-restore`" in done.stderr) == deprecated


def test_deprecated_names_are_not_in_the_help(app: typer.Typer) -> None:
    shown = CliRunner().invoke(app, ["--help"]).output
    assert "dead-letters" in shown
    for old in ("parked", "restored", "person-held"):
        assert f" {old} " not in shown
