"""A client: an account for an application inside one organization. The values of its secrets are not here."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from eventsourcing.domain import event

from kit.errors import Conflict, Invalid, NotFound
from kit.eventstore.aggregate import Aggregate, Created

MOST_SECRETS = 10
LONGEST_EXPIRY = timedelta(days=3653)
WARNED_AHEAD = timedelta(days=14)
"""How long before a secret's expiry a user is notified."""


class UnknownClient(NotFound):
    code = "unknown-client"
    title = "There is no such client"


class UnknownSecret(NotFound):
    code = "unknown-secret"
    title = "There is no such secret, or it was revoked"


class TooManySecrets(Conflict):
    code = "too-many-secrets"
    title = f"A client has at most {MOST_SECRETS} secrets; revoke one first"


@dataclass(frozen=True)
class IssuedSecret:
    """A secret of a client, without its value. `warned`: a user has been notified that it expires."""

    name: str
    expires_at: datetime | None
    issued_by: UUID
    warned: bool = False


class Client(Aggregate):
    """`platforms` are the ids of the trade platforms that its scopes apply to, None for all of them.

    Every event names the `client_id` of the tokens and the organization, which the contract events need.
    """

    TOPIC = "identity.Client"

    class Event(Aggregate.Event):
        client_id: str
        organization_id: UUID

    class ClientCreated(Created):
        TOPIC = "identity.ClientCreated"
        client_id: str
        organization_id: UUID
        name: str
        scopes: list[str]
        platforms: list[str] | None
        created_by: UUID

    class Renamed(Event):
        TOPIC = "identity.ClientRenamed"
        name: str
        old_name: str

        def apply(self, aggregate: Any) -> None:
            aggregate.name = self.name

    class ScopesChanged(Event):
        TOPIC = "identity.ClientScopesChanged"
        scopes: list[str]
        platforms: list[str] | None
        old_scopes: list[str]
        old_platforms: list[str] | None

        def apply(self, aggregate: Any) -> None:
            aggregate.scopes = self.scopes
            aggregate.platforms = self.platforms

    class SecretIssued(Event):
        """`name` is that of the secret, `client_name` that of the client at that time."""

        TOPIC = "identity.ClientSecretIssued"
        secret_id: UUID
        name: str
        expires_at: datetime | None
        client_name: str
        issued_by: UUID

        def apply(self, aggregate: Any) -> None:
            secret = IssuedSecret(self.name, self.expires_at, self.issued_by)
            aggregate.secrets[str(self.secret_id)] = secret

    class SecretExpiring(Event):
        """A secret expires soon, and `user_id` is to be notified."""

        TOPIC = "identity.ClientSecretExpiring"
        secret_id: UUID
        name: str
        expires_at: datetime
        client_name: str
        user_id: UUID

        def apply(self, aggregate: Any) -> None:
            secrets = aggregate.secrets
            secrets[str(self.secret_id)] = replace(secrets[str(self.secret_id)], warned=True)

    class SecretEnded(Event):
        TOPIC = "identity.ClientSecretEnded"
        secret_id: UUID

        def apply(self, aggregate: Any) -> None:
            del aggregate.secrets[str(self.secret_id)]

    class Removed(Event):
        TOPIC = "identity.ClientRemoved"

        def apply(self, aggregate: Any) -> None:
            aggregate.removed = True

    @event(ClientCreated)
    def __init__(
        self,
        id: UUID,
        client_id: str,
        organization_id: UUID,
        name: str,
        scopes: list[str],
        platforms: list[str] | None,
        created_by: UUID,
    ) -> None:
        self.client_id = client_id
        self.organization_id = organization_id
        self.name = name
        self.scopes = scopes
        self.platforms = platforms
        self.secrets: dict[str, IssuedSecret] = {}
        self.removed = False

    @staticmethod
    def create_id(id: UUID) -> UUID:
        return id

    @classmethod
    def create(
        cls,
        id: UUID,
        client_id: str,
        organization_id: UUID,
        name: str,
        scopes: Iterable[str],
        platforms: Iterable[UUID] | None,
        created_by: UUID,
    ) -> "Client":
        return cls(
            id=id,
            client_id=client_id,
            organization_id=organization_id,
            name=name,
            scopes=_sorted(scopes),
            platforms=_sorted_or_all(platforms),
            created_by=created_by,
        )

    def rename(self, name: str) -> None:
        if name != self.name:
            self._tell(self.Renamed, name=name, old_name=self.name)

    def change_scopes(self, scopes: Iterable[str], platforms: Iterable[UUID] | None) -> None:
        """Replace the scopes, and the platforms they apply to."""
        new = (_sorted(scopes), _sorted_or_all(platforms))
        if new != (self.scopes, self.platforms):
            self._tell(
                self.ScopesChanged,
                scopes=new[0],
                platforms=new[1],
                old_scopes=self.scopes,
                old_platforms=self.platforms,
            )

    def issue_secret(
        self, secret_id: UUID, name: str, expires_at: datetime | None, issued_by: UUID, now: datetime
    ) -> None:
        """Add a secret. Raises TooManySecrets; Invalid for an `expires_at` in the past or more than ten years ahead."""
        if len(self.secrets) >= MOST_SECRETS:
            raise TooManySecrets
        if expires_at is not None and expires_at <= now:
            raise Invalid("expires_at", "must lie in the future")
        if expires_at is not None and expires_at > now + LONGEST_EXPIRY:
            raise Invalid("expires_at", "must lie within ten years; leave it out for a secret that stays good")
        self._tell(
            self.SecretIssued,
            secret_id=secret_id,
            name=name,
            expires_at=expires_at,
            client_name=self.name,
            issued_by=issued_by,
        )

    def warn_of_expiry(self, secret_id: UUID, user_id: UUID, now: datetime) -> None:
        """Record once that `user_id` is notified of a secret that expires within WARNED_AHEAD."""
        secret = self.secrets.get(str(secret_id))
        if secret is None or secret.warned or secret.expires_at is None:
            return
        if now < secret.expires_at <= now + WARNED_AHEAD:
            self._tell(
                self.SecretExpiring,
                secret_id=secret_id,
                name=secret.name,
                expires_at=secret.expires_at,
                client_name=self.name,
                user_id=user_id,
            )

    def revoke_secret(self, secret_id: UUID) -> None:
        """Raises UnknownSecret, also for a secret that was revoked before."""
        if str(secret_id) not in self.secrets:
            raise UnknownSecret
        self._tell(self.SecretEnded, secret_id=secret_id)

    def remove(self) -> None:
        if not self.removed:
            self._tell(self.Removed)

    def _tell(self, kind: type[Event], **what: Any) -> None:
        self.trigger_event(kind, client_id=self.client_id, organization_id=self.organization_id, **what)


def _sorted(scopes: Iterable[str]) -> list[str]:
    return sorted({str(scope) for scope in scopes})


def _sorted_or_all(platforms: Iterable[UUID] | None) -> list[str] | None:
    return None if platforms is None else sorted({str(platform) for platform in platforms})
