"""The definition of the organizations service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import UUID

from fastapi import APIRouter

from access.checks import Access
from access.guard import Guard
from access.replicas import ClientReplica, RevocationReplica
from contracts.streams import feeds_of
from contracts.subscriptions import Subscriptions
from kit.db.migrations import read
from kit.db.reads import Reads
from kit.db.worker import Worker
from kit.http.direct import Endpoint, command, listing
from kit.messaging import stream_eraser
from kit.messaging.inbox import Inbox
from kit.security import rate_limiter
from kit.security.rate_limiter import FailureThrottle
from kit.service import Background
from kit.settings import ServiceSettings
from organizations.audit import api as audit_api
from organizations.container import Container
from organizations.events import PUBLICATIONS, subscriptions
from organizations.feed import api as feed_api
from organizations.feed import events as feed_events
from organizations.invitations import api as invitation_api
from organizations.invitations import requests as invitation_requests
from organizations.invitations.api_models import InvitationCreation
from organizations.members import api as member_api
from organizations.members import requests as member_requests
from organizations.organizations import api as organization_api
from organizations.organizations.api_models import OrganizationCreation
from runtime.definition import Environment, Service, Web

_HOUSEKEEPING_INTERVAL = 15.0  # seconds
_SCHEMAS = [
    Path(__file__).with_name(name) / "schema.sql" for name in ("users", "organizations", "invitations", "audit", "feed")
]


@dataclass(frozen=True)
class _Frequent:
    """The answers that a route and a direct endpoint share."""

    organizations: organization_api.ListOrganizations
    create: organization_api.Create
    members: member_api.ListMembers
    invite: invitation_api.Invite


class OrganizationsService(Service[ServiceSettings]):
    """Organizations, their members and invitations, the audit trail and the feed."""

    name = "organizations"
    migrations = (
        *(migration for schema in _SCHEMAS for migration in read(schema)),
        ("organizations-shredder-1", stream_eraser.SCHEMA),
        *rate_limiter.SCHEMA,
    )
    publications = PUBLICATIONS

    @classmethod
    def load_settings(cls, environment: Mapping[str, str] | None = None) -> ServiceSettings:
        return ServiceSettings.load(environment)

    def __init__(self, environment: Environment[ServiceSettings]) -> None:
        super().__init__(environment)
        self.container = made = Container(
            self.database, environment.master_key, self.bus, environment.clock, self.publications.envelope
        )
        self.store = made.store
        self.reads = Reads(environment.settings.postgres_dsn.get_secret_value())

    def subscriptions(self) -> Subscriptions:
        return subscriptions(self.container)

    def inboxes(self) -> Sequence[Inbox]:
        """Those of the subscriptions, and those of the feed: it reads the same streams at positions of its own."""
        handlers = feed_events.handlers(self.container.views.foreign)
        feeds = [Inbox(self.database, one.name, feed_events.parse, handlers) for one in feeds_of(self.name)]
        return [*super().inboxes(), *feeds]

    def answer_requests(self) -> None:
        member_requests.answer_requests(self.bus, self.container.members)
        invitation_requests.answer_requests(self.bus, self.container.invitations, self.container.users)

    def access(self) -> Access:
        return Access(self.container.members, ClientReplica(self.database), RevocationReplica(self.database), self.bus)

    def routers(self, web: Web) -> Sequence[APIRouter]:
        made, guard, frequent = self.container, web.guard, self._frequent(web.guard)
        unknown_links = FailureThrottle(made.limiter, invitation_api.UNKNOWN_LINKS, self.environment.clock)
        return [
            organization_api.routes(made.organizations, guard, frequent.create, frequent.organizations),
            member_api.routes(made.members, guard, frequent.members),
            invitation_api.routes(made.invitations, guard, made.limiter, frequent.invite),
            invitation_api.link_routes(made.invitations, made.users, guard, unknown_links, web.address_of),
            audit_api.routes(made.audit, made.organizations, guard),
            feed_api.routes(made.feed, guard),
        ]

    def direct_endpoints(self, web: Web) -> Mapping[str, Endpoint]:
        guard, frequent = web.guard, self._frequent(web.guard)
        invite = command(guard.principal, InvitationCreation, frequent.invite)
        return {
            "GET /api/v1/organizations": listing(guard.principal, frequent.organizations),
            "POST /api/v1/organizations": command(guard.user, OrganizationCreation, frequent.create),
            "GET /api/v1/organizations/{org}/members": listing(guard.principal, frequent.members),
            "POST /api/v1/organizations/{org}/invitations": invite,
        }

    def _frequent(self, guard: Guard) -> "_Frequent":
        made, reads = self.container, self.reads
        return _Frequent(
            organization_api.listing(made.organizations, reads, guard.access),
            organization_api.creating(made.organizations, made.idempotency),
            member_api.listing(reads, guard),
            invitation_api.inviting(made.invitations, reads, guard, made.idempotency, made.limiter),
        )

    def workers(self) -> Sequence[Background]:
        housekeeping = Worker("housekeeping", self.container.housekeeping.run, every=_HOUSEKEEPING_INTERVAL)
        return [housekeeping.run, partial(self.container.eraser.run, self.bus), self.reads.run]

    def erase(self, user_id: UUID) -> None:
        self.container.erasure.erase(user_id)
