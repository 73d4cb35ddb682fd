"""All use cases of the service on one store, without HTTP and without the bus."""

from collections.abc import Callable
from datetime import datetime

from contracts.email import normal
from contracts.streams import STREAMS
from identity.clients.expiry_warnings import ExpiryWarnings
from identity.clients.secret_uses import SecretUses
from identity.clients.service import Clients
from identity.devices.service import KEY as DEVICES_KEY
from identity.devices.service import Devices
from identity.erasure.service import Erasure
from identity.login_throttle.service import KEY as THROTTLE_KEY
from identity.login_throttle.service import LoginThrottle
from identity.oauth import service as oauth
from identity.oauth.service import ClientCache, RevocationCache
from identity.operators.service import Operators
from identity.passwords.hashing import Hashing, common_passwords
from identity.passwords.one_time import KEY as ONE_TIME_KEY
from identity.passwords.one_time import OneTimeSecrets
from identity.passwords.service import Passwords
from identity.registration.pending_requests import KEY as PENDING_KEY
from identity.registration.pending_requests import PendingRequests
from identity.registration.service import Registration
from identity.sessions.service import Sessions
from identity.settings import Settings
from identity.sign_in.service import SignIn
from identity.signing_keys.service import SigningKeys
from identity.store import IdentityStore
from identity.users.service import Users
from identity.views import IdentityViews
from kit.db.database import Database
from kit.http.idempotency import Idempotency
from kit.messaging.stream_eraser import StreamEraser
from kit.security.keys import MasterKey, keyed_hash
from kit.security.rate_limiter import FailureThrottle, RateLimiter
from kit.security.service_keys import ServiceKeys, SubjectKeys


class Container:
    """`clock` returns the time in UTC. The database has its tables already."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        master: MasterKey,
        clock: Callable[[], datetime],
        hashing: Hashing | None = None,
    ) -> None:
        self.database = database
        self.clock = clock
        self.keys = ServiceKeys(database, master)
        # Made before any command needs them: one made in a transaction that fails would be gone with it.
        email_key = self.keys.key("email")
        self.keys.key(PENDING_KEY)
        self.keys.key(ONE_TIME_KEY)

        def email_hash(email: str) -> bytes:
            return keyed_hash(email_key, "email", normal(email))

        self.subjects = SubjectKeys(database, master)
        self.views = IdentityViews(database, email_hash)
        self.store = IdentityStore(database, self.subjects, self.views)
        self.idempotency = Idempotency(self.store, self.keys.key("idempotency"))
        self.limiter = RateLimiter(database, self.keys.key("limits"), clock)
        self.wrong_credentials = FailureThrottle(self.limiter, oauth.WRONG_CREDENTIALS, clock)
        self.devices = Devices(database, self.keys.key(DEVICES_KEY), clock)
        throttle_key = self.keys.key(THROTTLE_KEY)
        self.login_throttle = LoginThrottle(
            self.store, self.views, self.limiter, self.devices, throttle_key, email_hash, clock
        )
        self.sessions = Sessions(self.store, self.devices, self.limiter, clock)
        self.secrets = OneTimeSecrets(self.keys)
        self.hashing = hashing or Hashing()
        common_passwords()
        shared = (self.store, self.views, self.sessions, self.hashing, self.secrets, self.login_throttle)
        self.sign_in = SignIn(*shared, clock)
        self.passwords = Passwords(*shared, self.devices, clock)
        self.users = Users(self.store, self.views)
        self.operators = Operators(database, self.keys)
        self.pending_requests = PendingRequests(self.store, self.keys, email_hash, clock)
        self.registration = Registration(
            self.store,
            self.views,
            self.pending_requests,
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

        self.stream_eraser = StreamEraser(database, STREAMS["identity"])
        self.erasure = Erasure(
            self.store,
            self.views,
            self.pending_requests,
            self.login_throttle,
            self.stream_eraser,
            {
                "sessions": self.sessions.forget,
                "codes": self.oauth.codes.forget,
                "authorizations": self.oauth.refresh_tokens.forget,
                "passwords": self.passwords.forget,
                "operator permissions": self.operators.forget,
                "devices": self.devices.forget,
                "stored answers": lambda user_id: self.idempotency.forget(str(user_id)),
            },
        )

    def work_one(self) -> bool:
        """Do one piece of the elected worker's work; False if there is none."""
        return self.registration.decide_one() or self.login_throttle.record_one_lock()

    def housekeeping(self) -> None:
        """End and delete what has expired."""
        self.sessions.revoke_expired()
        self.pending_requests.delete_expired()
        self.limiter.delete_expired()
        self.login_throttle.delete_expired()
        self.devices.delete_expired()
        self.idempotency.delete_expired()
        self.oauth.codes.delete_expired()
        self.oauth.refresh_tokens.delete_expired()
        self.signing_keys.delete_expired()
        self.expiry_warnings.warn()
