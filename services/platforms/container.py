"""The use cases of the service on one store, without HTTP and without the bus."""

from kit.db.database import Database
from kit.http.idempotency import Idempotency
from kit.security.keys import MasterKey
from kit.security.service_keys import ServiceKeys, SubjectKeys
from platforms.accounts.service import Reader
from platforms.checks.checker import Checker
from platforms.checks.history import CheckHistory
from platforms.checks.schedule import Schedule
from platforms.checks.service import Checks
from platforms.connections.addresses import Policy
from platforms.connections.sessions import Sessions
from platforms.credentials.service import CredentialService
from platforms.credentials.vault import Vault
from platforms.platforms.service import Platforms
from platforms.platforms.views import PlatformViews
from platforms.store import Clock, PlatformStore


class Container:
    """The database has its tables already; `clock` gives the time in UTC."""

    def __init__(self, database: Database, master_key: MasterKey, policy: Policy, clock: Clock) -> None:
        keys = ServiceKeys(database, master_key)
        subjects = SubjectKeys(database, master_key)
        self.policy = policy
        self.store = PlatformStore(database, subjects, PlatformViews(database), clock)
        self.idempotency = Idempotency(self.store, keys.key("idempotency"))
        self.history = CheckHistory(database)
        self.checks = Checks(self.store, self.history)
        self.vault = Vault(database, subjects, keys.key("credential-fingerprint"))
        self.credentials = CredentialService(self.store, self.vault, self.checks)
        self.platforms = Platforms(self.store, self.credentials, self.checks)
        self.checker = Checker(self.checks, policy, clock)
        self.schedule = Schedule(database, self.checks, self.credentials, self.checker, self.housekeeping)
        self.sessions = Sessions(self.store.views.versions, policy)
        self.reader = Reader(self.platforms, self.credentials, self.checks, self.sessions, clock)

    def housekeeping(self) -> None:
        """Delete what has expired: organizations that cannot be restored, old results, uses and idempotency keys."""
        self.platforms.end_organizations()
        self.checks.delete_expired()
        self.credentials.delete_expired()
        self.idempotency.delete_expired()
