"""What the platforms service is made of."""

from collections.abc import Mapping, Sequence

from fastapi import APIRouter

from contracts.subscriptions import Subscriptions
from kit.operations.gauges import Expirations
from kit.service import Background
from platforms import history, vault, views
from platforms.addresses import Policy
from platforms.api import checks, platforms, reading, uses
from platforms.container import Container
from platforms.publishing import PUBLICATIONS
from platforms.reading.kept import KeptClients
from platforms.reading.reader import Reader
from platforms.settings import Settings
from platforms.subscribers import subscriptions
from runtime.definition import Environment, Service, Web


class PlatformsService(Service[Settings]):
    """Trade platforms, their credentials, checks and trading accounts."""

    name = "platforms"
    migrations = (*views.SCHEMA, *vault.SCHEMA, *history.SCHEMA)
    publications = PUBLICATIONS

    @classmethod
    def load_settings(cls, environment: Mapping[str, str] | None = None) -> Settings:
        return Settings.load(environment)

    def __init__(self, environment: Environment[Settings]) -> None:
        super().__init__(environment)
        self.policy = Policy(private_allowed=environment.settings.private_networks == "allowed")
        self.container = Container(self.database, environment.master_key, self.policy, environment.clock)
        self.store = self.container.store
        self.connections = KeptClients(self.store.views, self.policy)

    def subscriptions(self) -> Subscriptions:
        return subscriptions(self.container.store)

    def routers(self, web: Web) -> Sequence[APIRouter]:
        store, guard = self.container.store, web.guard
        reader = Reader(store, self.policy, self.connections)
        return [
            platforms.routes(store, guard, self.container.idempotency),
            platforms.credential_routes(store, guard, self.policy),
            checks.routes(store, self.container.checker, guard, guard.access, self.policy),
            uses.routes(store, guard),
            reading.routes(store, reader, guard),
        ]

    def workers(self) -> Sequence[Background]:
        return [self.container.schedule.run, self.connections.run]

    def expirations(self) -> Sequence[Expirations]:
        return [Expirations("certificate", self.database, history.CERTIFICATES)]
