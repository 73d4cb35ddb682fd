"""User accounts, found by id or by a keyed hash of the address."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from psycopg import Cursor

from identity.users.domain import User
from kit.db.database import Database
from kit.eventstore.projection import Projection, on
from kit.eventstore.store import Recorded

EmailHash = Callable[[str], bytes]
"""The keyed hash of an address in its normal form, by which it is looked up."""


@dataclass(frozen=True)
class UserAccount:
    """`email` (as typed) and `name` are None once erased; `name` also if none was set."""

    id: UUID
    email: str | None
    name: str | None
    verified: bool
    created_at: datetime
    operator: bool


@dataclass(frozen=True)
class Credentials:
    """What a user signs in with: the hash of a password, or a one-time password by its generation."""

    user_id: UUID
    verified: bool
    password_hash: str | None = field(repr=False)
    one_time_generation: int


class UserViews(Projection):
    """Events fill `people`; `passwords` and `operators` are rows that no event holds."""

    tables: ClassVar[tuple[str, ...]] = ("people",)

    def __init__(self, database: Database, email_hash: EmailHash) -> None:
        super().__init__(database)
        self.email_hash = email_hash

    def person(self, user_id: UUID) -> UserAccount | None:
        row = self.database.one(
            "SELECT p.id, email, name, verified, created_at, o.user_id IS NOT NULL AS operator "
            "FROM people p LEFT JOIN operators o ON o.user_id = p.id WHERE p.id = %s",
            (user_id,),
        )
        return None if row is None else UserAccount(**row)

    def credentials(self, email: str) -> Credentials | None:
        """Of the user with this address. Raises contracts.email.InvalidEmail."""
        row = self.database.one(
            "SELECT p.id AS user_id, verified, w.hash AS password_hash, one_time_generation "
            "FROM people p LEFT JOIN passwords w ON w.user_id = p.id WHERE email_hash = %s",
            (self.email_hash(email),),
        )
        return None if row is None else Credentials(**row)

    def password_hash(self, user_id: UUID) -> str | None:
        row = self.database.one("SELECT hash FROM passwords WHERE user_id = %s", (user_id,))
        return None if row is None else row["hash"]

    @on(User.Registered)
    def _registered(self, cursor: Cursor[Any], event: User.Registered, recorded: Recorded) -> None:
        cursor.execute(
            "INSERT INTO people (id, email, email_hash, name, verified, one_time_generation, created_at) "
            "VALUES (%s, %s, %s, %s, false, %s, %s)",
            (
                recorded.aggregate_id,
                event.email,
                None if event.email is None else self.email_hash(event.email),
                event.name,
                event.generation or 0,
                recorded.time,
            ),
        )

    @on(User.RegistrationRepeated)
    def _repeated(self, cursor: Cursor[Any], event: User.RegistrationRepeated, recorded: Recorded) -> None:
        if event.generation is not None:
            cursor.execute(
                "UPDATE people SET one_time_generation = %s WHERE id = %s",
                (event.generation, recorded.aggregate_id),
            )

    @on(User.EmailVerified)
    def _verified(self, cursor: Cursor[Any], _: object, recorded: Recorded) -> None:
        cursor.execute("UPDATE people SET verified = true WHERE id = %s", (recorded.aggregate_id,))

    @on(User.Renamed)
    def _renamed(self, cursor: Cursor[Any], event: User.Renamed, recorded: Recorded) -> None:
        cursor.execute("UPDATE people SET name = %s WHERE id = %s", (event.name, recorded.aggregate_id))

    @on(User.Erased)
    def _erased(self, cursor: Cursor[Any], _: object, recorded: Recorded) -> None:
        cursor.execute(
            "UPDATE people SET email = NULL, email_hash = NULL, name = NULL WHERE id = %s", (recorded.aggregate_id,)
        )
