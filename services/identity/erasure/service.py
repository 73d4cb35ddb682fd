"""Erasure of a user's personal data: here by this use case, in every other service on the event UserErased."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from eventsourcing.utils import resolve_topic
from psycopg import Cursor

from identity.login_throttle.service import LoginThrottle
from identity.registration.pending_requests import PendingRequests
from identity.store import IdentityStore
from identity.users.domain import AlreadyErased, UnknownUser, User
from identity.users.views import UserViews
from kit.messaging.inbox import forget_dead_letters
from kit.messaging.stream_eraser import StreamEraser

Rows = Mapping[str, Callable[[UUID], int]]
"""By name for the report: deletes the rows of a user in the current transaction, and returns how many there were."""


@dataclass(frozen=True)
class Erased:
    """Deleted rows by name, and the bus subjects whose messages are to be overwritten."""

    user_id: UUID
    rows: Mapping[str, int]
    subjects: tuple[str, ...]


class Erasure:
    """The caller has asked organizations whether the user may be erased, and has written to the erasure log."""

    def __init__(
        self,
        store: IdentityStore,
        views: UserViews,
        pending: PendingRequests,
        throttle: LoginThrottle,
        stream_eraser: StreamEraser,
        rows: Rows,
    ) -> None:
        self._store = store
        self._views = views
        self._pending = pending
        self._throttle = throttle
        self._stream_eraser = stream_eraser
        self._rows = rows

    def find(self, who: str) -> UUID:
        """The id of the user with this id or address.

        Raises UnknownUser, AlreadyErased, contracts.email.InvalidEmail.
        """
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
        """All in one transaction, except for the pending requests: the worker locks their rows before it stores events.

        Raises UnknownUser, AlreadyErased.
        """
        email = self._store.find(User, user_id, UnknownUser).email
        done = {"pending requests": self._pending.forget(email) if email else 0}
        before, reached = self._published_before(user_id)

        def work() -> tuple[str, ...]:
            user = self._store.find(User, user_id, UnknownUser)
            user.erase()
            self._store.save(user)  # first, so that no event can be stored until all of this is
            done.update({name: forget(user_id) for name, forget in self._rows.items()})
            self._throttle.clear(user)
            done["dead letters"] = forget_dead_letters(self._store.database, email) if email else 0
            with self._store.database.transaction() as cursor:
                published, last = _published(cursor, user_id, reached)
            done["personal events"] = len(before) + len(published)
            done["keys"] = int(self._store.subjects.destroy(str(user_id)))
            subjects = tuple(sorted({*before, *published}))
            for subject in subjects:
                self._stream_eraser.mark(subject, last)
            return subjects

        return Erased(user_id, done, self._store.run(work))

    def erase_if_known(self, user_id: UUID) -> None:
        """For a restored database, which may not know the user, or may know them as erased."""
        with suppress(UnknownUser, AlreadyErased):
            self.erase(user_id)

    def waiting(self, erased: Erased) -> int:
        """How many subjects are not overwritten yet."""
        return self._stream_eraser.waiting(erased.subjects)

    def _published_before(self, user_id: UUID) -> tuple[list[str], int]:
        """Most of them, found before the transaction so that it stays short."""
        with self._store.database.long_work() as connection, connection.cursor() as cursor:
            return _published(cursor, user_id, 0)


def _published(cursor: Cursor[Any], user_id: UUID, after: int) -> tuple[list[str], int]:
    """The bus subject of each event with a field under the user's key, and the sequence of the last event."""
    row = cursor.execute("SELECT coalesce(max(sequence), 0) AS last FROM events").fetchone()
    rows = cursor.execute(
        "SELECT originator_id, topic FROM events WHERE sequence > %s AND sequence <= %s "
        "AND position(%s::bytea IN state) > 0 ORDER BY sequence",
        (after, row["last"] if row else 0, f"personal:{user_id}:".encode()),
    ).fetchall()
    published = [_subject(each["originator_id"], resolve_topic(each["topic"])) for each in rows]
    return published, row["last"] if row else 0


def _subject(aggregate_id: UUID, event: type) -> str:
    """The bus subject of a published event about a user; none of these belongs to an organization."""
    return f"evt.identity.-.{aggregate_id}.{event.TOPIC.removeprefix('identity.')}"  # type: ignore[attr-defined]
