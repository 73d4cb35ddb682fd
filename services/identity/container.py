"""The inside of the service: every use case on one store, without HTTP and without the bus."""

from collections.abc import Callable
from datetime import datetime

from contracts.email import normal
from contracts.streams import STREAMS
from identity.clients import secret_uses
from identity.clients import views as clients
from identity.clients.expiry_warnings import ExpiryWarnings
from identity.clients.secret_uses import SecretUses
from identity.clients.service import Clients
from identity.erasure.service import Erasure
from identity.oauth import service as oauth
from identity.oauth.service import ClientCache, RevocationCache
from identity.operators.service import Operators
from identity.passwords import one_time
from identity.passwords.hashing import Hashing, common_passwords
from identity.passwords.one_time import OneTimeSecrets
from identity.passwords.service import Passwords
from identity.people import views as people
from identity.people.service import People
from identity.registration import pending_requests as intake
from identity.registration.pending_requests import Intake
from identity.registration.service import Registration
from identity.sessions import service as sessions
from identity.sessions.service import Sessions
from identity.settings import Settings
from identity.sign_in import devices
from identity.sign_in import login_throttle as guesses
from identity.sign_in import views as locks
from identity.sign_in.devices import Devices
from identity.sign_in.login_throttle import Guesses
from identity.sign_in.service import SignIn
from identity.signing_keys import service as signing_keys
from identity.signing_keys.service import SigningKeys
from identity.store import IdentityStore
from identity.views import IdentityViews
from kit.db.database import Database
from kit.http.idempotency import Idempotency
from kit.messaging import stream_eraser as shredder
from kit.messaging.stream_eraser import StreamEraser
from kit.security import rate_limiter as limiter
from kit.security.keys import MasterKey, keyed_hash
from kit.security.rate_limiter import FailureThrottle, RateLimiter
from kit.security.service_keys import ServiceKeys, SubjectKeys

MIGRATIONS = [
    *people.SCHEMA,
    *clients.SCHEMA,
    *sessions.SCHEMA,
    *locks.SCHEMA,
    *limiter.SCHEMA,
    *devices.SCHEMA,
    *guesses.SCHEMA,
    *intake.SCHEMA,
    *signing_keys.SCHEMA,
    *secret_uses.SCHEMA,
    *oauth.SCHEMA,
    ("identity-shredder-1", shredder.SCHEMA),
]


class Container:
    """`clock` answers the time in UTC. The database has its tables already."""

    def __init__(
        self, settings: Settings, database: Database, master: MasterKey, clock: Callable[[], datetime]
    ) -> None:
        self.database = database
        self.clock = clock
        self.keys = ServiceKeys(database, master)
        # Made before any command needs them: one made in a transaction that fails would be gone with it.
        email_key = self.keys.key("email")
        self.keys.key(intake.KEY)
        self.keys.key(one_time.KEY)

        def email_hash(email: str) -> bytes:
            return keyed_hash(email_key, "email", normal(email))

        self.subjects = SubjectKeys(database, master)
        self.views = IdentityViews(database, email_hash)
        self.store = IdentityStore(database, self.subjects, self.views)
        self.idempotency = Idempotency(self.store, self.keys.key("idempotency"))
        self.limiter = RateLimiter(database, self.keys.key("limits"), clock)
        self.wrong_credentials = FailureThrottle(self.limiter, oauth.WRONG_CREDENTIALS, clock)
        self.devices = Devices(database, self.keys.key(devices.KEY), clock)
        guesses_key = self.keys.key(guesses.KEY)
        self.guesses = Guesses(self.store, self.views, self.limiter, self.devices, guesses_key, email_hash, clock)
        self.sessions = Sessions(self.store, self.devices, self.limiter, clock)
        self.secrets = OneTimeSecrets(self.keys)
        self.hashing = Hashing()
        common_passwords()
        shared = (self.store, self.views, self.sessions, self.hashing, self.secrets, self.guesses)
        self.sign_in = SignIn(*shared, clock)
        self.passwords = Passwords(*shared, self.devices, clock)
        self.people = People(self.store, self.views)
        self.operators = Operators(database, self.keys)
        self.intake = Intake(self.store, self.keys, email_hash, clock)
        self.registration = Registration(
            self.store,
            self.views,
            self.intake,
            clock,
            domains=settings.registration_domains,
            first_operator=settings.first_operator,
        )
        self.signing_keys = SigningKeys(database, self.keys, clock)
        self.revocations = RevocationCache(database, self.signing_keys)
        self.client_cache = ClientCache(self.views, self.revocations)
        self.clients = Clients(self.store, self.views, clock, self.client_cache.forget)
        self.secret_uses = SecretUses(database, clock)
        self.expiry_warnings = ExpiryWarnings(self.store, clock)
        self.oauth = oauth.provider(
            settings,
            self.store,
            self.client_cache,
            self.sessions,
            self.signing_keys,
            self.keys,
            self.secret_uses,
            clock,
        )

        self.shredder = StreamEraser(database, STREAMS["identity"])
        self.erasure = Erasure(
            self.store,
            self.views,
            self.intake,
            self.guesses,
            self.shredder,
            {
                "sessions": self.sessions.forget,
                "codes": self.oauth.codes.forget,
                "authorizations": self.oauth.refresh_tokens.forget,
                "passwords": self.people.forget_password,
                "operator rights": self.people.forget_operator,
                "devices": self.devices.forget,
                "stored answers": lambda user_id: self.idempotency.forget(str(user_id)),
            },
        )

    def work_one(self) -> bool:
        """One piece of the elected worker's work; False when there is none."""
        return self.registration.work_one() or self.guesses.tell_one()

    def tidy(self) -> None:
        """End and forget what has passed its time."""
        self.sessions.end_stale()
        self.intake.forget_old()
        self.limiter.forget_old()
        self.guesses.forget_old()
        self.devices.forget_old()
        self.idempotency.forget_old()
        self.oauth.codes.forget_old()
        self.oauth.refresh_tokens.forget_old()
        self.signing_keys.forget_old()
        self.expiry_warnings.warn()
