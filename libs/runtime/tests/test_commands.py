"""The commands of a service, under their names and under the deprecated ones."""

import json
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import pytest
import typer
from typer.testing import CliRunner

from kit.errors import NotFound
from kit.messaging.inbox import Inbox
from kit.operations.answers import Answer
from kit.operations.dead_letters import DeadLetters
from kit.tests.notebook import MIGRATIONS, Notebook, open_notebook
from kit.tests.test_delivery import parse
from privacy.export import Holder
from privacy.post_restore import PostRestore
from runtime.actions.dead_letters import DISCARD, LIST, REPLAY
from runtime.actions.definition import Action
from runtime.actions.personal_data import EXPORT, POST_RESTORE
from runtime.cli import shell
from testing.servers import Databases


@pytest.fixture
def notebook(databases: Databases) -> Iterator[Notebook]:
    book = open_notebook(databases.migrated(MIGRATIONS))
    yield book
    book.database.close()


@pytest.fixture
def app(notebook: Notebook) -> typer.Typer:
    letters = DeadLetters(notebook.database, [Inbox(notebook.database, "commands", parse, {})])
    return shell(
        "notebook",
        lambda: None,
        [
            (LIST, lambda: nullcontext(letters)),
            (REPLAY, lambda: nullcontext(letters)),
            (DISCARD, lambda: nullcontext(letters)),
            (EXPORT, lambda: nullcontext(Holder(notebook.database, notebook))),
            (POST_RESTORE, lambda: nullcontext(PostRestore(notebook.database, {"notes": "DELETE FROM notes"}))),
        ],
    )


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


def test_at_most_a_thousand_dead_letters_are_listed(notebook: Notebook, app: typer.Typer) -> None:
    notebook.database.execute(
        "INSERT INTO parked (durable, source, subject, sequence, type, payload, error, attempts) "
        "SELECT 'commands', 's', 's', each, 't', '', '', 0 FROM generate_series(1, 1001) AS each"
    )
    listed = json.loads(CliRunner().invoke(app, ["dead-letters", "list", "--json"]).stdout)
    assert [row["sequence"] for row in listed] == list(range(1, 1001))


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


class Echo(Answer):
    words: list[str]

    def lines(self) -> list[str]:
        return self.words


def _echo(
    prefix: str,
    word: str,
    times: Annotated[int, typer.Option()] = 1,
    loud_word: Annotated[bool, typer.Option("--loud-word")] = False,
    secret: Annotated[list[str] | None, typer.Option(envvar="ECHO_SECRET")] = None,
) -> Echo:
    """Echo."""
    said = prefix + (word.upper() if loud_word else word)
    return Echo(words=[*[said] * times, *(secret or [])])


@pytest.mark.parametrize("given", [{}, {"times": 2}, {"loud_word": True}, {"secret": ["a", "b"], "times": 3}])
def test_a_command_line_of_an_action_gives_the_answer_of_a_call(given: dict[str, Any]) -> None:
    """As `tradehall` asks a service."""
    echo = Action("echo", _echo)
    words, variables = echo.command_line("hi", **given)
    assert "a" not in words
    app = shell("notebook", lambda: None, [(echo, lambda: nullcontext("-"))])
    done = CliRunner().invoke(app, [*words, "--json"], env=variables)
    assert echo.read(json.loads(done.stdout)) == _echo("-", "hi", **given)


def test_a_refusal_is_one_sentence_and_exit_code_1() -> None:
    def refuse(_: str) -> Echo:
        raise NotFound("There is no such thing.")

    app = shell("notebook", lambda: None, [(Action("look", refuse), lambda: nullcontext(""))])
    done = CliRunner().invoke(app, ["look"])
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", "There is no such thing.\n")
