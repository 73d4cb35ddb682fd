"""Addresses and names of users, and names of organizations, as of the last event."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from kit.db.database import Database
from kit.db.migrations import read
from kit.messaging.inbox import forget_dead_letters

SCHEMA = read(Path(__file__).with_name("schema.sql"))


@dataclass(frozen=True)
class User:
    """`email` is the address as typed; both are null once the user is erased."""

    email: str | None
    name: str | None
    erased: bool


class Recipients:
    """The replica. Personal data are in table `people` only, and are removed from it when a user is erased."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def user(self, user_id: UUID) -> User | None:
        """A user; None until the event of their registration arrives."""
        row = self._database.one("SELECT email, name, erased FROM people WHERE user_id = %s", (user_id,))
        return User(**row) if row else None

    def organization_name(self, organization_id: UUID) -> str | None:
        """The name of an organization; None until the event of its creation arrives."""
        row = self._database.one("SELECT name FROM organizations WHERE organization_id = %s", (organization_id,))
        return row["name"] if row else None

    def add_user(self, user_id: UUID, email: str | None, name: str | None) -> None:
        """Add a user, unless they were erased before."""
        self._database.execute(
            "INSERT INTO people (user_id, email, name) VALUES (%s, %s, %s) ON CONFLICT (user_id) DO UPDATE "
            "SET email = EXCLUDED.email, name = EXCLUDED.name WHERE NOT people.erased",
            (user_id, email, name),
        )

    def rename_user(self, user_id: UUID, name: str | None) -> None:
        """Change a user's name, unless they were erased before."""
        self._database.execute("UPDATE people SET name = %s WHERE user_id = %s AND NOT erased", (name, user_id))

    def erase_user(self, user_id: UUID) -> None:
        """Remove a user's personal data, from dead letters too.

        The row stays, marked as erased: a redelivered registration must not bring the data back.
        """
        known = self._database.one("SELECT email FROM people WHERE user_id = %s AND email IS NOT NULL", (user_id,))
        if known is not None:
            forget_dead_letters(self._database, known["email"])
        self._database.execute(
            "INSERT INTO people (user_id, erased) VALUES (%s, true) "
            "ON CONFLICT (user_id) DO UPDATE SET email = NULL, name = NULL, erased = true",
            (user_id,),
        )

    def set_organization_name(self, organization_id: UUID, name: str) -> None:
        """Add an organization, or change its name."""
        self._database.execute(
            "INSERT INTO organizations (organization_id, name) VALUES (%s, %s) "
            "ON CONFLICT (organization_id) DO UPDATE SET name = EXCLUDED.name",
            (organization_id, name),
        )
