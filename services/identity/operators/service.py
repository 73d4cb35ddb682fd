"""Operators of this installation."""

from uuid import UUID

from contracts.email import normal
from identity.users.domain import UnknownUser
from kit.db.database import Database
from kit.security.keys import keyed_hash
from kit.security.service_keys import ServiceKeys


class Operators:
    def __init__(self, database: Database, keys: ServiceKeys) -> None:
        self._database = database
        self._keys = keys

    def add(self, email: str) -> UUID:
        """Make the user with this address an operator, and return their id. Raises UnknownUser."""
        hashed = keyed_hash(self._keys.key("email"), "email", normal(email))
        with self._database.transaction():
            user = self._database.one("SELECT id FROM people WHERE email_hash = %s", (hashed,))
            if user is None:
                raise UnknownUser("Nobody has registered with that address.")
            user_id: UUID = user["id"]
            self._database.execute("INSERT INTO operators (user_id) VALUES (%s) ON CONFLICT DO NOTHING", (user_id,))
        return user_id

    def forget(self, user_id: UUID) -> int:
        """The user is no operator any more; returns how many rows there were."""
        return self._database.execute("DELETE FROM operators WHERE user_id = %s", (user_id,))
