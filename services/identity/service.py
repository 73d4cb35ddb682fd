"""The definition of the identity service."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, LiteralString
from uuid import UUID

from fastapi import APIRouter

from access.checks import Access
from access.replicas import MembershipReplica
from contracts.subscriptions import Subscriptions
from identity.clients import events as client_events
from identity.clients import requests as client_requests
from identity.clients import views as clients
from identity.container import Container
from identity.erasure.actions import ERASE, FIND
from identity.erasure.checked import CheckedErasure
from identity.login_throttle import events as lock_events
from identity.migrations import MIGRATIONS
from identity.oauth import service as oauth
from identity.oauth.revoke import events as revocation_events
from identity.oauth.revoke.service import RevokedTokens
from identity.operators import requests as operator_requests
from identity.operators.actions import ADD
from identity.passwords import requests as mail_secret_requests
from identity.passwords.hashing import Hashing
from identity.registration.pending_requests import CHANNEL
from identity.routers import routers
from identity.sessions import events as session_events
from identity.sessions.service import RevokedSessions
from identity.settings import Settings
from identity.signing_keys import requests as key_requests
from identity.signing_keys.actions import ROTATE
from identity.users import events as user_events
from identity.users import requests as user_requests
from kit.db.worker import Worker
from kit.http.direct import Endpoint
from kit.http.request_middleware import address_of
from kit.operations.gauges import Expirations
from kit.security.tokens import Verifier
from kit.service import Background
from runtime.definition import Environment, Service, Web, on
from runtime.publications import Publications

_HOUSEKEEPING_INTERVAL = 60.0  # seconds
PUBLICATIONS = Publications("identity")
for _slice in (user_events, session_events, lock_events, client_events, revocation_events):
    PUBLICATIONS.include(_slice.PUBLICATIONS)


class IdentityService(Service[Settings]):
    """Users, sessions, OAuth 2.0 and OpenID Connect, clients."""

    name = "identity"
    migrations = MIGRATIONS
    publications = PUBLICATIONS
    # Some of these were revoked after the backup, and it is unknown which: all are deleted.
    removed_by_restore: ClassVar[Mapping[str, LiteralString]] = {
        "codes": "DELETE FROM authorization_codes",
        "authorizations": "DELETE FROM token_families",
        "sessions": "DELETE FROM sessions",
        "signing keys": "DELETE FROM signing_keys",
    }

    actions = (
        on(ROTATE, lambda it: it.container.signing_keys),
        on(ADD, lambda it: it.container.operators),
        on(FIND, lambda it: it.erasures()),
        on(ERASE, lambda it: it.erasures()),
    )

    @classmethod
    def load_settings(cls, environment: Mapping[str, str] | None = None) -> Settings:
        return Settings.load(environment)

    def __init__(self, environment: Environment[Settings]) -> None:
        super().__init__(environment)
        settings = environment.settings
        self.container = Container(settings, self.database, environment.master_key, environment.clock, self.hashing())
        self.store = self.container.store
        self.members = MembershipReplica(self.database)

        async def keys() -> Mapping[str, Any]:
            return self.container.signing_keys.jwks()

        self._verifier = Verifier(settings.public_url, f"{settings.public_url}/api", keys, self.database)
        self._token_endpoints = oauth.TokenEndpoints(
            self.container.oauth,
            self._verifier,
            self.container.revocations,
            lambda request: address_of(request, settings.proxies),
            self.container.wrong_credentials,
        )

    def hashing(self) -> Hashing:
        """How passwords are hashed."""
        return Hashing()

    def subscriptions(self) -> Subscriptions:
        return self.members.subscriptions()

    def answer_requests(self) -> None:
        self.container.signing_keys.ensure()  # before others ask for them
        inside = self.container
        key_requests.answer(self.bus, inside.signing_keys)
        user_requests.answer(self.bus, inside.views)
        operator_requests.answer(self.bus, inside.views)
        client_requests.answer(self.bus, inside.clients)
        mail_secret_requests.answer(self.bus, inside.store, inside.secrets, inside.clock)

    def routers(self, web: Web) -> Sequence[APIRouter]:
        return routers(self.container, self.environment.settings, self.bus, web, self._token_endpoints)

    def direct_endpoints(self, web: Web) -> Mapping[str, Endpoint]:
        endpoints = self._token_endpoints
        return {"POST /oauth2/token": endpoints.token, "POST /oauth2/introspect": endpoints.introspect}

    def workers(self) -> Sequence[Background]:
        inside = self.container
        elected = Worker(
            "identity", inside.work_one, database=self.database, lease="identity-worker", channel=CHANNEL
        ).also(inside.housekeeping, every=_HOUSEKEEPING_INTERVAL)
        return [
            partial(inside.stream_eraser.run, self.bus),
            inside.revocations.run,
            inside.secret_uses.run,
            elected.run,
        ]

    def expirations(self) -> Sequence[Expirations]:
        return [Expirations("client-secret", self.database, clients.SECRETS)]

    def verifier(self) -> Verifier:
        return self._verifier

    def access(self) -> Access:
        revoked = RevokedTokens(RevokedSessions(self.container.sessions), self.container.views)
        return Access(self.members, self.container.clients, revoked, self.bus)

    def is_operator(self) -> Callable[[UUID], bool]:
        return lambda user_id: self.container.users.find(user_id).operator

    def erase(self, user_id: UUID) -> None:
        self.container.erasure.erase_if_known(user_id)

    def erasures(self) -> CheckedErasure:
        """Erasure as an operator orders it."""
        inside, file = self.container, self.environment.settings.erasure_list
        return CheckedErasure(inside.erasure, inside.users, self.bus, file, inside.clock)
