"""The definition of a service. HTTP application, command line, relay, consumers, gauges and migrations follow."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, LiteralString, TypeVar
from uuid import UUID

from fastapi import APIRouter, Request

from access.checks import Access
from access.guard import Guard, asking_verifier
from access.operators import Operators
from access.principal import Principal
from access.replicas import ClientReplica, MembershipReplica, RevocationReplica
from contracts.envelope import parse_message
from contracts.streams import STREAMS, Stream, consumers_of
from contracts.subscriptions import Subscriptions
from kit.db.database import Database
from kit.db.migrations import Migrations
from kit.eventstore.store import Store
from kit.http.direct import Endpoint
from kit.messaging.bus import Bus
from kit.messaging.inbox import Inbox
from kit.operations.gauges import Expirations
from kit.security.keys import MasterKey
from kit.security.tokens import Verifier
from kit.service import Background
from kit.settings import ServiceSettings
from runtime.actions.definition import A, Action, P, T
from runtime.publications import Publications

S = TypeVar("S", bound=ServiceSettings)


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Environment(Generic[S]):
    """What every service is given. The database has its tables already; `clock` gives the time in UTC."""

    settings: S
    database: Database
    bus: Bus
    master_key: MasterKey
    clock: Callable[[], datetime] = _utc_now


@dataclass(frozen=True)
class Web:
    """What routes need beside the use cases: who calls, what they may do, and where they call from."""

    guard: Guard
    operator: Callable[..., Principal]
    address_of: Callable[[Request], str]


ActionOn = tuple[Action[Any, ..., Any], Callable[[Any], Any]]
"""An operator action, and how the part that it works with is found in a service."""


def on(action: Action[T, P, A], part: Callable[[Any], T]) -> ActionOn:
    """Bind an action to a part of the service that is given to `part`."""
    return action, part


class Service(ABC, Generic[S]):
    """Base of a service: subclasses wire their slices in `__init__`, which does no I/O beyond the database.

    A service is built for the running process and for each command of its command line.
    """

    name: ClassVar[str]
    migrations: ClassVar[Migrations]
    """Of the slices, in order; those of kit and access come before them."""
    removed_by_restore: ClassVar[Mapping[str, LiteralString]] = {}
    """What must not outlive the restore of a backup: a name for the report, and the statement that deletes it."""
    publications: ClassVar[Publications]
    """Which contract event each stored event becomes."""

    actions: ClassVar[Sequence[ActionOn]] = ()
    """The service's own operator actions, beside those of every service."""

    store: Store
    """Set by `__init__`."""

    @classmethod
    @abstractmethod
    def load_settings(cls, environment: Mapping[str, str] | None = None) -> S:
        """From the environment, by default the process's.

        A wrong or missing setting ends the process with one sentence for each.
        """

    def __init__(self, environment: Environment[S]) -> None:
        self.environment = environment
        self.database = environment.database
        self.bus = environment.bus

    @property
    def stream(self) -> Stream:
        """The service's own stream on the bus."""
        return STREAMS[self.name]

    def subscriptions(self) -> Subscriptions:
        """The handlers of other services' events."""
        return Subscriptions()

    def inboxes(self) -> Sequence[Inbox]:
        """One for each durable consumer of the service."""
        handlers = self.subscriptions()
        return [Inbox(self.database, one.name, parse_message, handlers) for one in consumers_of(self.name)]

    def answer_requests(self) -> None:
        """Declare the requests on the bus that this service answers."""

    def routers(self, web: Web) -> Sequence[APIRouter]:
        """The service's own routes; those for operators are added to them."""
        return []

    def direct_endpoints(self, web: Web) -> Mapping[str, Endpoint]:
        """Endpoints, by method and path, that are reached without routing."""
        return {}

    def workers(self) -> Sequence[Background]:
        """Background work of the running service."""
        return []

    def expirations(self) -> Sequence[Expirations]:
        """What has an end date that operators watch."""
        return []

    def erase(self, user_id: UUID) -> object:
        """Erase a user after a restore, if the user is known. A service without personal data does nothing."""
        return None

    def verifier(self) -> Verifier:
        """How access tokens are verified: with keys that identity is asked for."""
        return asking_verifier(self.environment.settings.public_url, self.bus, self.database)

    def access(self) -> Access:
        """What is known of permissions: replicas, unless the service owns them."""
        return Access(
            MembershipReplica(self.database), ClientReplica(self.database), RevocationReplica(self.database), self.bus
        )

    def guard(self) -> Guard:
        """The guard of all routes."""
        return Guard(self.verifier(), self.access())

    def is_operator(self) -> Callable[[UUID], bool]:
        """Whether a user is an operator; identity is asked."""
        return Operators(self.bus).has
