"""The container of identity for tests, on a clock that they move."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr

from identity.container import Container
from identity.people.domain import User
from identity.service import IdentityService
from identity.sessions.service import Session
from identity.settings import Settings
from kit.db.database import Database
from kit.db.migrations import migrate
from kit.security.keys import MasterKey
from runtime.application import migrations_of

PUBLIC_URL = "http://tradehall.test:8080"
PASSWORD = "a long walk on a Sunday"


def settings(dsn: str, nats_url: str = "nats://127.0.0.1:1", **others: Any) -> Settings:
    """Of a service under test; `others` override."""
    given: dict[str, Any] = {
        "service_port": 0,
        "postgres_dsn": SecretStr(dsn),
        "nats_url": nats_url,
        "nats_password": SecretStr("unused"),
        "master_key": SecretStr(MasterKey.generate()),
        "public_url": PUBLIC_URL,
        "first_operator": True,
    }
    return Settings(**(given | others))


@dataclass
class Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def forward(self, by: timedelta) -> None:
        self.now += by


class Parts(Container):
    """The service's inside on an empty database, with what people do in many steps as one."""

    def __init__(self, database: Database, clock: Clock, registration: str = "open") -> None:
        migrate(database, migrations_of(IdentityService))
        given = settings("postgresql://unused", registration=registration)
        super().__init__(given, database, MasterKey(given.master_key), clock)

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
