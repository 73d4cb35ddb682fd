"""Forgetting a person for good: here by this use case, in every other service when it hears UserErased."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from eventsourcing.utils import resolve_topic
from psycopg import Cursor

from identity.application.guesses import Guesses
from identity.application.intake import Intake
from identity.application.store import IdentityStore
from identity.domain.user import AlreadyErased, UnknownUser, User
from identity.publishing import subject_of
from identity.views.people import PeopleViews
from kit.messaging.inbox import forget_dead_letters
from kit.messaging.stream_eraser import StreamEraser

Rows = Mapping[str, Callable[[UUID], int]]
"""What holds rows of people, by what these are called: deletes a person's, in the transaction at hand."""


@dataclass(frozen=True)
class Erased:
    """What was destroyed: rows by what they are called, and the subjects whose messages are to be overwritten."""

    user_id: UUID
    rows: Mapping[str, int]
    subjects: tuple[str, ...]


class Erasure:
    """Whoever uses it has asked organizations whether it may be, and noted it on the erasure list."""

    def __init__(
        self,
        store: IdentityStore,
        views: PeopleViews,
        intake: Intake,
        guesses: Guesses,
        shredder: StreamEraser,
        rows: Rows,
    ) -> None:
        self._store = store
        self._views = views
        self._intake = intake
        self._guesses = guesses
        self._shredder = shredder
        self._rows = rows

    def find(self, who: str) -> UUID:
        """Whose id or address this is. Raises UnknownUser, AlreadyErased, contracts.email.InvalidEmail."""
        if "@" in who:
            known = self._views.credentials(who)
            if known is None:
                raise UnknownUser
            return known.user_id
        try:
            user = self._store.find(User, UUID(who), UnknownUser)
        except ValueError as error:
            raise UnknownUser(f"{who} is neither an address nor an id.") from error
        if user.erased:
            raise AlreadyErased
        return user.id

    def erase(self, user_id: UUID) -> Erased:
        """All in one transaction but the wishes, whose rows a worker locks before it stores events.

        Raises UnknownUser, AlreadyErased.
        """
        email = self._store.find(User, user_id, UnknownUser).email
        done = {"wishes": self._intake.forget(email) if email else 0}
        before, reached = self._told_before(user_id)

        def work() -> tuple[str, ...]:
            user = self._store.find(User, user_id, UnknownUser)
            user.erase()
            self._store.save(user)  # first, so that no event can be stored until all of this is
            done.update({name: forget(user_id) for name, forget in self._rows.items()})
            self._guesses.clear(user)
            done["parked messages"] = forget_dead_letters(self._store.database, email) if email else 0
            with self._store.database.transaction() as cursor:
                told, last = _told(cursor, user_id, reached)
            done["personal events"] = len(before) + len(told)
            done["keys"] = int(self._store.subjects.destroy(str(user_id)))
            subjects = tuple(sorted({*before, *told}))
            for subject in subjects:
                self._shredder.mark(subject, last)
            return subjects

        return Erased(user_id, done, self._store.run(work))

    def erase_if_known(self, user_id: UUID) -> None:
        """Of a restored database, which may hold neither the person nor that they were erased."""
        with suppress(UnknownUser, AlreadyErased):
            self.erase(user_id)

    def waiting(self, erased: Erased) -> int:
        """How many subjects still stand on the stream."""
        return self._shredder.waiting(erased.subjects)

    def _told_before(self, user_id: UUID) -> tuple[list[str], int]:
        """The greater part, found without keeping anybody waiting."""
        with self._store.database.long_work() as connection, connection.cursor() as cursor:
            return _told(cursor, user_id, 0)


def _told(cursor: Cursor[Any], user_id: UUID, after: int) -> tuple[list[str], int]:
    """The bus's subject of each event that holds something under the person's key, and the last event there is."""
    row = cursor.execute("SELECT coalesce(max(sequence), 0) AS last FROM events").fetchone()
    rows = cursor.execute(
        "SELECT originator_id, topic FROM events WHERE sequence > %s AND sequence <= %s "
        "AND position(%s::bytea IN state) > 0 ORDER BY sequence",
        (after, row["last"] if row else 0, f"personal:{user_id}:".encode()),
    ).fetchall()
    told = [subject_of(each["originator_id"], resolve_topic(each["topic"])) for each in rows]
    return told, row["last"] if row else 0
