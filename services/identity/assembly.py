"""The inside of the service: every use case on one store, without HTTP and without the bus."""

from collections.abc import Callable
from datetime import datetime

from access import replicas
from contracts.email import normal
from contracts.streams import STREAMS
from identity import oauth
from identity.application import devices, guesses, intake, one_time, secret_uses, sessions, signing_keys
from identity.application.clients import Clients
from identity.application.devices import Devices
from identity.application.erasure import Erasure
from identity.application.expiry_warnings import ExpiryWarnings
from identity.application.guesses import Guesses
from identity.application.hashing import Hashing, common_passwords
from identity.application.intake import Intake
from identity.application.one_time import OneTimeSecrets
from identity.application.passwords import Passwords
from identity.application.people import People
from identity.application.registration import Registration
from identity.application.secret_uses import SecretUses
from identity.application.sessions import Sessions
from identity.application.sign_in import SignIn
from identity.application.signing_keys import SigningKeys
from identity.application.store import IdentityStore
from identity.oauth import Changes, ClientCache
from identity.settings import Settings
from identity.views import clients, locks, people
from identity.views.all import IdentityViews
from kit import service
from kit.db.database import Database
from kit.http.idempotency import Idempotency
from kit.messaging import stream_eraser as shredder
from kit.messaging.stream_eraser import StreamEraser
from kit.security import rate_limiter as limiter
from kit.security.keys import MasterKey, keyed_hash
from kit.security.rate_limiter import FailureThrottle, RateLimiter
from kit.security.service_keys import ServiceKeys, SubjectKeys
from privacy.post_restore import Removals

SCHEMA = [
    *service.SCHEMA,
    *replicas.SCHEMA,
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
ENDS_WITH_A_RESTORE: Removals = {
    "codes": "DELETE FROM authorization_codes",
    "authorizations": "DELETE FROM token_families",
    "sessions": "DELETE FROM sessions",
    "signing keys": "DELETE FROM signing_keys",
}
"""Some of them were ended after the backup was made, and nobody knows any more which: all are begun anew."""


class Parts:
    """`clock` answers the time in UTC. The database has its tables already."""

    def __init__(self, settings: Settings, database: Database, clock: Callable[[], datetime]) -> None:
        master = MasterKey(settings.master_key)
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
        self.changes = Changes(database, self.signing_keys)
        self.client_cache = ClientCache(self.views, self.changes)
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
                "authorizations": self.oauth.families.forget,
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
        self.oauth.families.forget_old()
        self.signing_keys.forget_old()
        self.expiry_warnings.warn()
