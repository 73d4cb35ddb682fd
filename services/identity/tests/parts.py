"""The parts of the service that tests call, built as main.py builds them, on a clock that tests move."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import SecretStr

from contracts.email import normal
from identity.application import intake, sessions
from identity.application.hashing import Hashing
from identity.application.intake import Intake
from identity.application.one_time import OneTimeSecrets
from identity.application.passwords import Passwords
from identity.application.people import People
from identity.application.registration import Registration
from identity.application.sessions import Session, Sessions
from identity.application.sign_in import SignIn
from identity.application.store import IdentityStore
from identity.domain.user import User
from identity.views import clients, people
from identity.views.all import IdentityViews
from kit import service
from kit.database import Database, migrate
from kit.keys import MasterKey, keyed_hash
from kit.service_keys import ServiceKeys, SubjectKeys

PASSWORD = "a long walk on a Sunday"


@dataclass
class Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def forward(self, by: timedelta) -> None:
        self.now += by


class Parts:
    """Everything wired; `registration` takes whom it is told."""

    def __init__(self, database: Database, clock: Clock, domains: frozenset[str] | None = None) -> None:
        schema = [*service.SCHEMA, *people.SCHEMA, *clients.SCHEMA, *sessions.SCHEMA, *intake.SCHEMA]
        migrate(database, schema)
        master = MasterKey(SecretStr(MasterKey.generate()))
        self.database = database
        self.clock = clock
        self.keys = ServiceKeys(database, master)
        self.subjects = SubjectKeys(database, master)
        self.views = IdentityViews(database, self.email_hash)
        self.store = IdentityStore(database, self.subjects, self.views)
        self.intake = Intake(self.store, self.keys, self.email_hash, clock)
        self.registration = Registration(
            self.store, self.views, self.intake, clock, domains=domains, first_operator=True
        )
        self.sessions = Sessions(self.store, clock)
        self.hashing = Hashing()
        self.secrets = OneTimeSecrets(self.keys)
        shared = (self.store, self.views, self.sessions, self.hashing, self.secrets, clock)
        self.sign_in = SignIn(*shared)
        self.passwords = Passwords(*shared)
        self.people = People(self.store, self.views)

    def email_hash(self, email: str) -> bytes:
        return keyed_hash(self.keys.key("email"), normal(email))

    def decide_all(self) -> None:
        while self.registration.work_one():
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
