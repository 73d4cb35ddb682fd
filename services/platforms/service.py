"""The definition of the platforms service."""

from collections.abc import Mapping, Sequence

from fastapi import APIRouter

from access.replicas import ClientReplica, MembershipReplica, RevocationReplica
from contracts.subscriptions import Subscriptions
from kit.operations.gauges import Expirations
from kit.service import Background
from platforms.accounts import api as accounts
from platforms.checks import api as checks
from platforms.checks import history
from platforms.connections import api as connections
from platforms.connections.addresses import Policy
from platforms.connectors import installed
from platforms.container import Container
from platforms.credentials import api as credentials
from platforms.credentials import vault
from platforms.platforms import api as platforms
from platforms.platforms import events, views
from platforms.settings import Settings
from runtime.definition import Environment, Service, Web


class PlatformsService(Service[Settings]):
    """Trade platforms, their credentials, checks and trading accounts."""

    name = "platforms"
    migrations = (*views.SCHEMA, *vault.SCHEMA, *history.SCHEMA)
    publications = events.PUBLICATIONS

    @classmethod
    def load_settings(cls, environment: Mapping[str, str] | None = None) -> Settings:
        return Settings.load(environment)

    def __init__(self, environment: Environment[Settings]) -> None:
        super().__init__(environment)
        installed()  # a connector that cannot be imported stops the start, not the first request
        policy = Policy(private_allowed=environment.settings.private_networks == "allowed")
        self.container = Container(self.database, environment.master_key, policy, environment.clock)
        self.store = self.container.store

    def subscriptions(self) -> Subscriptions:
        """Replicas of permissions first."""
        table = Subscriptions()
        for replica in (MembershipReplica, ClientReplica, RevocationReplica):
            table.include(replica(self.database).subscriptions())
        table.include(events.subscriptions(self.container.store.views))
        return table

    def routers(self, web: Web) -> Sequence[APIRouter]:
        made, guard = self.container, web.guard
        return [
            platforms.routes(made.platforms, guard, made.idempotency),
            credentials.routes(made.platforms, made.credentials, guard, made.policy),
            checks.routes(made.platforms, made.credentials, made.checks, made.checker, guard, made.policy),
            accounts.routes(made.reader, guard),
            connections.routes(guard),
        ]

    def workers(self) -> Sequence[Background]:
        return [self.container.schedule.run, self.container.sessions.run]

    def expirations(self) -> Sequence[Expirations]:
        return [Expirations("certificate", self.database, history.CERTIFICATES)]
