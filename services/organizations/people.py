"""A copy of who people are, from identity's events; identity itself is asked where the copy does not know yet."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from contracts import rpc
from kit.db.database import Database
from kit.errors import Forbidden
from kit.messaging.bus import Bus

SCHEMA = [
    (
        "organizations-people-1",
        """
CREATE TABLE people (
    user_id uuid PRIMARY KEY, email text, email_hash bytea, name text,
    verified boolean NOT NULL DEFAULT false, erased boolean NOT NULL DEFAULT false);
CREATE INDEX people_email ON people (email_hash);
""",
    )
]


class EmailNotVerified(Forbidden):
    code = "email-not-verified"
    title = "Show first that the mailbox is yours: sign in with the password that was mailed to it"


@dataclass(frozen=True)
class Person:
    """`email` and `name` are null once erased."""

    email: str | None
    name: str | None
    verified: bool
    erased: bool


class People:
    """`hash_of` is the keyed hash of an address's normal form."""

    def __init__(self, database: Database, bus: Bus, hash_of: Callable[[str], bytes]) -> None:
        self._database = database
        self._bus = bus
        self._hash_of = hash_of

    def find(self, user_id: UUID) -> Person | None:
        row = self._database.one("SELECT email, name, verified, erased FROM people WHERE user_id = %s", (user_id,))
        return None if row is None else Person(**row)

    def verified_email(self, user_id: UUID) -> str:
        """The address that the person has shown to be theirs.

        Raises EmailNotVerified; BusUnavailable where the copy does not know and identity does not answer.
        """
        person = self.find(user_id)
        if person is None or not person.verified:
            question = rpc.PersonRequest(user_id=user_id)
            asked = self._bus.ask_from_thread(rpc.PERSON.subject, question, rpc.PERSON.reply).ok
            if asked is None or asked.email is None or not asked.verified:
                raise EmailNotVerified
            self.learn(user_id, asked.email, asked.name, verified=True)
            return asked.email
        if person.email is None:
            raise EmailNotVerified
        return person.email

    def learn(self, user_id: UUID, email: str | None, name: str | None, *, verified: bool = False) -> None:
        """Who somebody is; what is known to be verified, or erased, stays so."""
        self._database.execute(
            "INSERT INTO people (user_id, email, email_hash, name, verified) VALUES (%s, %s, %s, %s, %s) "
            "ON CONFLICT (user_id) DO UPDATE SET email = EXCLUDED.email, email_hash = EXCLUDED.email_hash, "
            "name = coalesce(EXCLUDED.name, people.name), verified = people.verified OR EXCLUDED.verified "
            "WHERE NOT people.erased",
            (user_id, email, None if email is None else self._hash_of(email), name, verified),
        )

    def verify(self, user_id: UUID) -> None:
        self._database.execute(
            "INSERT INTO people (user_id, verified) VALUES (%s, true) "
            "ON CONFLICT (user_id) DO UPDATE SET verified = true",
            (user_id,),
        )

    def rename(self, user_id: UUID, name: str | None) -> None:
        self._database.execute("UPDATE people SET name = %s WHERE user_id = %s AND NOT erased", (name, user_id))

    def email_hash(self, user_id: UUID) -> bytes | None:
        row = self._database.one("SELECT email_hash FROM people WHERE user_id = %s", (user_id,))
        return None if row is None or row["email_hash"] is None else bytes(row["email_hash"])

    def erase(self, user_id: UUID) -> None:
        """Forget address and name; the row stays, so that nothing is learnt of this person again."""
        self._database.execute(
            "INSERT INTO people (user_id, erased) VALUES (%s, true) ON CONFLICT (user_id) DO UPDATE "
            "SET email = NULL, email_hash = NULL, name = NULL, erased = true",
            (user_id,),
        )
