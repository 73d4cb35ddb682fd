"""Personal data export: all that a service stores about one user.

It searches the tables and events themselves, so that no table can be forgotten.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from psycopg import Connection, sql

from kit.db.database import Database, Row
from kit.eventstore.store import Store

_BATCH = 2_000
_ADDRESS = re.compile(r"[^\s\"'<>@,;]+@[^\s\"'<>@,;]+")
_SOMEBODY = "[another person's address]"
_NOT_SHOWN = frozenset({"hash", "nonce", "code_challenge", "traceparent"})
"""Columns that hold secrets, or mean nothing to the person. Columns of bytes, hashed or encrypted, are never shown."""
_NOT_EXPORTED = frozenset({"_initial_kwargs", "originator_topic", "traceparent"})
EMAILS = "TRADEHALL_PERSON_EMAIL"
"""Addresses separated by spaces; unlike arguments, a variable is not visible to all users of the machine."""
_ELSEWHERE = ("events", "snapshots", "parked")


def names(emails: Sequence[str], text: str) -> bool:
    """Whether the text holds one of the spellings of an address, in letters of either case."""
    alike = _alike(text)
    return any(_alike(email) in alike for email in emails)


def _alike(text: str) -> str:
    return unicodedata.normalize("NFC", text).lower()


@dataclass(frozen=True)
class DataSubject:
    """`emails` are spellings of one address; none where it is not known any more."""

    id: UUID
    emails: Sequence[str]

    def is_in(self, text: str) -> bool:
        return str(self.id) in text.lower() or names(self.emails, text)

    def only_theirs(self, value: Any) -> Any:
        """The value with the addresses of others left out."""
        if isinstance(value, dict):
            return {name: self.only_theirs(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.only_theirs(one) for one in value]
        if not isinstance(value, str):
            return value
        return _ADDRESS.sub(lambda found: found[0] if self._is_mine(found[0]) else _SOMEBODY, value)

    def _is_mine(self, address: str) -> bool:
        return _alike(address) in map(_alike, self.emails)


@dataclass
class PersonalData:
    """Rows by table, dead letters and stored events that name the user by id or address; and the subjects of the keys
    under which the address is stored."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    dead_letters: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)


def export(
    database: Database, store: Store | None, person: DataSubject, progress: Callable[[int], None] = lambda _: None
) -> PersonalData:
    """All of it, without secrets and the addresses of others; `progress` is called with the sequence reached."""
    with database.long_work() as connection:
        rows = {name: found for name, found in _rows(connection, person) if found}
        data = PersonalData(rows, _dead_letters(connection, person))
        if store is not None:
            for events in store.batches(connection, 0, _BATCH):
                for one in events:
                    event = {"sequence": one.sequence, "type": type(one.event).__qualname__, **_shown(vars(one.event))}
                    if person.is_in(json.dumps(event, default=str, ensure_ascii=False)):
                        data.events.append(person.only_theirs(event))
                progress(events[-1].sequence)
        data.keys = _keys(connection, person, data.events)
    return data


def _rows(connection: Connection[Row], person: DataSubject) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    columns = connection.execute(
        "SELECT table_name AS table, array_agg(column_name::text ORDER BY ordinal_position) AS names "
        "FROM information_schema.columns WHERE table_schema = current_schema() AND data_type <> 'bytea' "
        "AND table_name <> ALL(%s) AND column_name <> ALL(%s) GROUP BY table_name ORDER BY table_name",
        (list(_ELSEWHERE), list(_NOT_SHOWN)),
    ).fetchall()
    for one in columns:
        chosen = sql.SQL("SELECT {} FROM {}").format(
            sql.SQL(", ").join(map(sql.Identifier, one["names"])), sql.Identifier(one["table"])
        )
        query = sql.SQL("SELECT to_jsonb(r) AS row FROM ({}) r WHERE lower(normalize(r::text)) LIKE ANY(%s)").format(
            chosen
        )
        rows = connection.execute(query, (_patterns(person),)).fetchall()
        yield one["table"], [person.only_theirs(row["row"]) for row in rows]


def _keys(connection: Connection[Row], person: DataSubject, events: list[dict[str, Any]]) -> list[str]:
    named = {str(one["originator_id"]) for one in events if names(person.emails, str(one))}
    rows = connection.execute(
        "SELECT subject FROM subject_keys WHERE subject = ANY(%s) AND wrapped IS NOT NULL ORDER BY 1",
        ([str(person.id), *named],),
    ).fetchall()
    return [row["subject"] for row in rows]


def _patterns(person: DataSubject) -> list[str]:
    words = [str(person.id), *map(_alike, person.emails)]
    return ["%" + re.sub(r"([\\%_])", r"\\\1", word) + "%" for word in words]


def _dead_letters(connection: Connection[Row], person: DataSubject) -> list[dict[str, Any]]:
    rows = connection.execute("SELECT durable, source, sequence, type, payload, parked_at FROM parked").fetchall()
    shown = [{**row, "payload": _readable(row["payload"])} for row in rows]
    return [person.only_theirs(row) for row in shown if person.is_in(row["payload"])]


def _readable(payload: bytes) -> str:
    """JSON without escapes, which would hide letters; or whatever else it is."""
    text = bytes(payload).decode(errors="replace")
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except ValueError:
        return text


def _shown(state: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in state.items() if name not in _NOT_EXPORTED and value is not None}


@dataclass(frozen=True)
class Holder:
    """Where the data are; `store` only where there are events."""

    database: Database
    store: Store | None = None
