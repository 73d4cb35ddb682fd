"""Use cases of clients: applications that act inside one organization."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from contracts import rpc
from contracts.permissions import Grant, Limits, lacking_for
from identity.clients.domain import Client, UnknownClient
from identity.clients.secrets import new_client_id, new_secret, secret_hash
from identity.clients.views import ClientRow, ClientViews
from identity.store import IdentityStore
from kit.errors import Forbidden
from kit.http.pagination import Paging

FIRST_SECRET = "first"  # noqa: S105 - its name


class GrantExceedsOwn(Forbidden):
    code = "grant-exceeds-own"
    title = "You cannot grant permissions that you do not have"


@dataclass(frozen=True)
class NewSecret:
    """`secret` is returned once and stored nowhere."""

    id: UUID
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Granter:
    """The user who acts, and the user's grant in the organization."""

    user_id: UUID
    grant: Grant


class Clients:
    """`clock` returns the time in UTC. `changed` is called with the id of a client after a change of its scopes or
    secrets is stored."""

    authoritative = True

    def __init__(
        self,
        store: IdentityStore,
        views: ClientViews,
        clock: Callable[[], datetime],
        changed: Callable[[UUID], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._views = views
        self._clock = clock
        self._changed = changed

    def create(
        self, organization_id: UUID, granter: Granter, name: str, scopes: Collection[str], limits: Limits
    ) -> tuple[ClientRow, NewSecret]:
        """Create a client with its first secret. Raises GrantExceedsOwn."""
        _refuse_beyond(granter.grant, scopes, limits)

        def work() -> tuple[ClientRow, NewSecret]:
            client = Client.create(
                uuid4(), new_client_id(), organization_id, name, scopes, limits.platforms, granter.user_id
            )
            issued = self._issue(client, granter, FIRST_SECRET, None)
            return self.get(organization_id, client.id), issued

        return self._store.run(work)

    def change(
        self,
        organization_id: UUID,
        id: UUID,
        granter: Granter,
        name: str | None = None,
        scopes: Collection[str] | None = None,
        limits: Limits | None = None,
    ) -> ClientRow:
        """Arguments that are None keep their values. Raises UnknownClient; GrantExceedsOwn for permissions that the
        granter lacks."""

        def work() -> ClientRow:
            client = self._load(organization_id, id)
            if name is not None:
                client.rename(name)
            if scopes is not None or limits is not None:
                self._change_rights(client, granter.grant, scopes, limits)
            self._store.save(client)
            return self.get(organization_id, id)

        changed = self._store.run(work)
        self._changed(id)
        return changed

    def remove(self, organization_id: UUID, id: UUID) -> None:
        """Remove a client; its tokens and secrets stop working. Raises UnknownClient."""

        def work() -> None:
            client = self._load(organization_id, id)
            self._forget(client.secrets)
            client.remove()
            self._store.save(client)

        self._store.run(work)
        self._changed(id)

    def issue_secret(
        self, organization_id: UUID, id: UUID, granter: Granter, name: str, expires_at: datetime | None
    ) -> NewSecret:
        """Issue one more secret. Raises UnknownClient, TooManySecrets, Invalid; GrantExceedsOwn if the client may do
        more than the granter, who could act as the client with the secret."""

        def work() -> NewSecret:
            client = self._load(organization_id, id)
            _refuse_beyond(granter.grant, client.scopes, _limits(client))
            return self._issue(client, granter, name, expires_at)

        return self._store.run(work)

    def revoke_secret(self, organization_id: UUID, id: UUID, secret_id: UUID) -> None:
        """Revoke a secret. Raises UnknownClient, UnknownSecret."""

        def work() -> None:
            client = self._load(organization_id, id)
            client.revoke_secret(secret_id)
            self._forget([str(secret_id)])
            self._store.save(client)

        self._store.run(work)
        self._changed(id)

    def get(self, organization_id: UUID, id: UUID) -> ClientRow:
        """Raises UnknownClient, also for a client of another organization."""
        found = self._views.client(organization_id, id)
        if found is None:
            raise UnknownClient
        return found

    def list(self, organization_id: UUID, paging: Paging) -> list[ClientRow]:
        """Oldest first; one more than the page shows if there are more."""
        return self._views.clients(organization_id, paging)

    def find(self, client_id: str) -> rpc.Client | None:
        """What a client may do now, by the `thc_…` of its tokens."""
        row = self._views.client_by_client_id(client_id)
        if row is None:
            return None
        return rpc.Client(
            id=row.id,
            client_id=row.client_id,
            organization_id=row.organization_id,
            scopes=row.scopes,
            limits=row.limits,
        )

    def _load(self, organization_id: UUID, id: UUID) -> Client:
        client = self._store.find(Client, id, UnknownClient)
        if client.removed or client.organization_id != organization_id:
            raise UnknownClient
        return client

    def _change_rights(
        self, client: Client, grant: Grant, scopes: Collection[str] | None, limits: Limits | None
    ) -> None:
        new_scopes = client.scopes if scopes is None else scopes
        new_limits = _limits(client) if limits is None else limits
        if set(new_scopes) != set(client.scopes) or new_limits != _limits(client):
            _refuse_beyond(grant, new_scopes, new_limits)
            client.change_scopes(new_scopes, new_limits.platforms)

    def _issue(self, client: Client, granter: Granter, name: str, expires_at: datetime | None) -> NewSecret:
        issued = NewSecret(uuid4(), new_secret())
        client.issue_secret(issued.id, name, expires_at, granter.user_id, self._clock())
        self._store.database.execute(
            "INSERT INTO client_secret_hashes (secret_id, hash) VALUES (%s, %s)",
            (issued.id, secret_hash(issued.secret)),
        )
        self._store.save(client)
        return issued

    def _forget(self, secret_ids: Collection[str]) -> None:
        self._store.database.execute(
            "DELETE FROM client_secret_hashes WHERE secret_id = ANY(%s::uuid[])", (list(secret_ids),)
        )
        self._store.database.execute(
            "DELETE FROM client_secret_uses WHERE secret_id = ANY(%s::uuid[])", (list(secret_ids),)
        )


def _limits(client: Client) -> Limits:
    return Limits.model_validate({"platforms": client.platforms})


def _refuse_beyond(grant: Grant, scopes: Collection[str], limits: Limits) -> None:
    lacking = lacking_for(scopes, grant.effective)
    if lacking:
        raise GrantExceedsOwn(f"These scopes need permissions that you do not have: {', '.join(sorted(lacking))}.")
    if not limits.within(grant.limits):
        raise GrantExceedsOwn("Your own permissions cover fewer platforms than these limits.")
