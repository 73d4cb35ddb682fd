"""Use cases of the replica of user accounts; identity is asked about an account that is not in it yet."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from contracts import rpc
from kit.db.database import Database
from kit.errors import Forbidden
from kit.messaging.bus import Bus


class EmailNotVerified(Forbidden):
    code = "email-not-verified"
    title = "Email address not verified: sign in with the password that was sent to it"


@dataclass(frozen=True)
class UserAccount:
    """`email` and `name` are null once erased."""

    email: str | None
    name: str | None
    verified: bool
    erased: bool


class Users:
    """`hash_of` gives the keyed hash of an address in its normal form."""

    def __init__(self, database: Database, bus: Bus, hash_of: Callable[[str], bytes]) -> None:
        self._database = database
        self._bus = bus
        self._hash_of = hash_of

    def find(self, user_id: UUID) -> UserAccount | None:
        row = self._database.one("SELECT email, name, verified, erased FROM people WHERE user_id = %s", (user_id,))
        return None if row is None else UserAccount(**row)

    def verified_email(self, user_id: UUID) -> str:
        """The verified address of a user.

        Raises EmailNotVerified; BusUnavailable where the replica has no answer and identity gives none.
        """
        account = self.find(user_id)
        if account is None or not account.verified:
            question = rpc.UserRequest(user_id=user_id)
            asked = self._bus.ask_from_thread(rpc.USER.subject, question, rpc.USER.reply).ok
            if asked is None or asked.email is None or not asked.verified:
                raise EmailNotVerified
            self.learn(user_id, asked.email, asked.name, verified=True)
            return asked.email
        if account.email is None:
            raise EmailNotVerified
        return account.email

    def learn(self, user_id: UUID, email: str | None, name: str | None, *, verified: bool = False) -> None:
        """Store the address and name of a user; a verified address stays verified, an erased user stays erased."""
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
        """Erase the address and name of a user; the row stays, so that a late event does not bring them back."""
        self._database.execute(
            "INSERT INTO people (user_id, erased) VALUES (%s, true) ON CONFLICT (user_id) DO UPDATE "
            "SET email = NULL, email_hash = NULL, name = NULL, erased = true",
            (user_id,),
        )
