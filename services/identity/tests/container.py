"""The container of identity for tests, on a clock that they move."""

from typing import Any

from argon2 import PasswordHasher

from identity.container import Container
from identity.passwords.hashing import Hashing
from identity.service import IdentityService
from identity.sessions.service import Session
from identity.settings import Settings
from identity.users.domain import User
from kit.db.database import Database
from kit.security.keys import MasterKey
from testing.clock import Clock
from testing.service import NOWHERE, settings_of

PUBLIC_URL = "http://tradehall.test:8080"
PASSWORD = "a long walk on a Sunday"


def settings(dsn: str, nats_url: str = NOWHERE, **others: Any) -> Settings:
    """Of a service under test; `others` override."""
    return settings_of(Settings, dsn, nats_url, **({"public_url": PUBLIC_URL, "first_operator": True} | others))


def quick_hashing() -> Hashing:
    """Argon2 at its least cost, for tests about anything else."""
    return Hashing(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


class QuickIdentity(IdentityService):
    """The service, but for the cost of its hashes."""

    def hashing(self) -> Hashing:
        return quick_hashing()


class ContainerFixture(Container):
    """The container on an empty database, with shortcuts for common steps of users."""

    def __init__(
        self, database: Database, clock: Clock, registration: str = "open", hashing: Hashing | None = None
    ) -> None:
        given = settings("postgresql://unused", registration=registration)
        super().__init__(given, database, MasterKey(given.master_key), clock, hashing or quick_hashing())

    def decide_all(self) -> None:
        while self.registration.decide_one():
            pass

    def registered(self, email: str) -> User:
        """Somebody registers; answers the user as stored."""
        self.registration.register(email)
        self.decide_all()
        return self.user(email)

    def user(self, email: str) -> User:
        known = self.views.credentials(email)
        assert known is not None
        return self.store.find(User, known.user_id)

    def one_time_password(self, email: str) -> str:
        user = self.user(email)
        return self.secrets.password(user.id, user.one_time_generation)

    def with_password(self, email: str, password: str = PASSWORD) -> tuple[Session, str]:
        """Somebody registers, signs in with the mailed password and chooses their own."""
        self.registered(email)
        session, cookie = self.sign_in.with_password(email, self.one_time_password(email), "10.0.0.1", "test")
        self.passwords.choose(session, password)
        found = self.sessions.find(cookie)
        assert found is not None
        return found, cookie

    def events(self) -> list[str]:
        """Names of all stored events, in order."""
        return [type(each.event).__name__ for each in self.store.read(0, 10_000)]
