"""The use cases of the service on one store, without HTTP and without the bus."""

from kit.db.database import Database
from kit.http.idempotency import Idempotency
from kit.security.keys import MasterKey
from kit.security.service_keys import ServiceKeys, SubjectKeys
from platforms.addresses import Policy
from platforms.application import Clock, Platforms
from platforms.checker import Checker, Schedule
from platforms.history import CheckHistory
from platforms.vault import Vault
from platforms.views import PlatformViews


class Container:
    """The database has its tables already; `clock` gives the time in UTC."""

    def __init__(self, database: Database, master_key: MasterKey, policy: Policy, clock: Clock) -> None:
        keys = ServiceKeys(database, master_key)
        subjects = SubjectKeys(database, master_key)
        vault = Vault(database, subjects, keys.key("credential-fingerprint"))
        self.store = Platforms(database, subjects, PlatformViews(database), vault, CheckHistory(database), clock)
        self.checker = Checker(self.store, policy)
        self.idempotency = Idempotency(self.store, keys.key("idempotency"))
        self.schedule = Schedule(self.store, self.checker, self.idempotency)
