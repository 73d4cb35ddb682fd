"""A minimal event-sourced service for the tests of kit."""

import json
from typing import Any, ClassVar
from uuid import UUID, uuid4

from eventsourcing.domain import event
from pydantic import SecretStr

from kit import service
from kit.db.database import Database
from kit.db.migrations import migrate
from kit.errors import Conflict
from kit.eventstore.aggregate import Aggregate, Created
from kit.eventstore.projection import Projection, on
from kit.eventstore.store import Recorded, Store
from kit.messaging.relay import Outgoing
from kit.security.keys import MasterKey
from kit.security.service_keys import SubjectKeys

MASTER = MasterKey(SecretStr(MasterKey.generate()))


class NameTaken(Conflict):
    code = "name-taken"


class Note(Aggregate):
    TOPIC = "notebook.Note"
    personal = frozenset({"author"})

    class Written(Created):
        TOPIC = "notebook.Written"
        personal = frozenset({"author"})
        title: str
        author: str | None

    class Retitled(Aggregate.Event):
        TOPIC = "notebook.Retitled"
        title: str

    @event(Written)
    def __init__(self, title: str, author: str | None) -> None:
        self.title = title
        self.author = author

    @staticmethod
    def create_id(*_: Any, **__: Any) -> UUID:
        return uuid4()

    @event(Retitled)
    def retitle(self, title: str) -> None:
        self.title = title


class NoteViews(Projection):
    tables: ClassVar = ("notes",)

    @on(Note.Written)
    def _written(self, cursor: Any, event: Note.Written, recorded: Recorded) -> None:
        cursor.execute(
            "INSERT INTO notes (id, title, author) VALUES (%s, %s, %s)",
            (event.originator_id, event.title, event.author),
        )

    @on(Note.Retitled)
    def _retitled(self, cursor: Any, event: Note.Retitled, recorded: Recorded) -> None:
        cursor.execute("UPDATE notes SET title = %s WHERE id = %s", (event.title, event.originator_id))


class Notebook(Store):
    name = "notebook"
    snapshotting_intervals: ClassVar = {Note: 5}
    refusals: ClassVar = {"notes_title": NameTaken}

    def write(self, title: str, author: str | None = "Ada") -> UUID:
        def work() -> UUID:
            note = Note(title=title, author=author)
            self.save(note)
            return note.id

        return self.run(work)

    def retitle(self, note_id: UUID, title: str) -> None:
        def work() -> None:
            note = self.find(Note, note_id)
            note.retitle(title)
            self.save(note)

        self.run(work)


MIGRATIONS = (*service.SCHEMA, ("notes", "CREATE TABLE notes (id uuid PRIMARY KEY, title text, author text)"))


def open_notebook(dsn: str, *, unique_titles: bool = False) -> Notebook:
    """The notebook on a database, whose tables are made where they are missing."""
    database = Database(dsn, max_connections=20)
    database.open()
    unique = [("unique-titles", "CREATE UNIQUE INDEX notes_title ON notes (title)")] if unique_titles else []
    migrate(database, [*MIGRATIONS, *unique])
    return Notebook(database, SubjectKeys(database, MASTER), NoteViews(database))


def translate(recorded: Recorded, epoch: str) -> Outgoing | None:
    message_id = f"notebook-{epoch}-{recorded.sequence}"
    body = {
        "id": message_id,
        "source": f"/notebook/{epoch}",
        "subject": str(recorded.aggregate_id),
        "sequence": recorded.sequence,
        "type": type(recorded.event).__name__,
        "data": {"title": recorded.event.title},
    }
    return Outgoing(f"evt.notebook.-.{recorded.aggregate_id}.{body['type']}", message_id, json.dumps(body).encode())


def dead_letters(database: Database) -> list[dict[str, Any]]:
    """The rows of all consumers, the oldest first."""
    return list(database.all("SELECT * FROM parked ORDER BY id"))
