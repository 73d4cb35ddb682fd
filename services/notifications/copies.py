"""Copies, from events: addresses and names of people, names of organizations."""

from dataclasses import dataclass
from uuid import UUID

from kit.db.database import Database
from kit.messaging.inbox import forget_dead_letters

SCHEMA = """
CREATE TABLE people (
    user_id uuid PRIMARY KEY, email text, name text, erased boolean NOT NULL DEFAULT false);
CREATE TABLE organizations (organization_id uuid PRIMARY KEY, name text NOT NULL);
"""


@dataclass(frozen=True)
class Person:
    """`email` is the address as typed; both are null once the person is erased."""

    email: str | None
    name: str | None
    erased: bool


class Copies:
    """Rows that are personal data live in `people` only, and are emptied when the person is erased."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def person(self, user_id: UUID) -> Person | None:
        """Who a user is; None when their registration has not arrived here yet."""
        row = self._database.one("SELECT email, name, erased FROM people WHERE user_id = %s", (user_id,))
        return Person(**row) if row else None

    def organization(self, organization_id: UUID) -> str | None:
        """The name of an organization; None when it has not arrived here yet."""
        row = self._database.one("SELECT name FROM organizations WHERE organization_id = %s", (organization_id,))
        return row["name"] if row else None

    def keep_person(self, user_id: UUID, email: str | None, name: str | None) -> None:
        """A user has registered."""
        self._database.execute(
            "INSERT INTO people (user_id, email, name) VALUES (%s, %s, %s) ON CONFLICT (user_id) DO UPDATE "
            "SET email = EXCLUDED.email, name = EXCLUDED.name WHERE NOT people.erased",
            (user_id, email, name),
        )

    def rename_person(self, user_id: UUID, name: str | None) -> None:
        """A user is called otherwise."""
        self._database.execute("UPDATE people SET name = %s WHERE user_id = %s AND NOT erased", (name, user_id))

    def erase_person(self, user_id: UUID) -> None:
        """A user is to be forgotten; that they were erased is kept, so that nothing brings them back."""
        known = self._database.one("SELECT email FROM people WHERE user_id = %s AND email IS NOT NULL", (user_id,))
        if known is not None:
            forget_dead_letters(self._database, known["email"])
        self._database.execute(
            "INSERT INTO people (user_id, erased) VALUES (%s, true) "
            "ON CONFLICT (user_id) DO UPDATE SET email = NULL, name = NULL, erased = true",
            (user_id,),
        )

    def keep_organization(self, organization_id: UUID, name: str) -> None:
        """An organization exists, or is called otherwise."""
        self._database.execute(
            "INSERT INTO organizations (organization_id, name) VALUES (%s, %s) "
            "ON CONFLICT (organization_id) DO UPDATE SET name = EXCLUDED.name",
            (organization_id, name),
        )
