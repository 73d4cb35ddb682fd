"""Use cases of credentials: set, remove and use them, and list their uses."""

from dataclasses import dataclass
from uuid import UUID

from kit.errors import NotFound
from platforms.checks.service import Checks
from platforms.connections.connector import Connector
from platforms.connections.credentials import Credentials
from platforms.connectors import installed
from platforms.credentials.vault import Place, Use, Vault
from platforms.platforms.domain import NoCredentials, Target, TradePlatform
from platforms.store import PlatformStore


@dataclass(frozen=True)
class Usable:
    """Credentials for one use, and the connector that they are for.

    `api` is the platform's; `version` that of the stored credentials, null for offered ones.
    """

    connector: Connector
    api: str
    credentials: Credentials
    version: int | None


class CredentialService:
    def __init__(self, store: PlatformStore, vault: Vault, checks: Checks) -> None:
        self._store = store
        self._vault = vault
        self._checks = checks

    def set(
        self,
        organization_id: UUID,
        platform_id: UUID,
        target: Target,
        given: Credentials,
        options: dict[str, str | int],
    ) -> None:
        """Encrypt them in the transaction of the event, which has `options` in clear text; a check follows.

        Raises NotFound, ApiNotChosen, ConnectorMissing.
        """

        def work() -> None:
            platform = self._store.live(organization_id, platform_id)
            place = Place(organization_id, platform_id, target, platform.next_version(target))
            kept = _connector(platform, target).kept(given)
            fingerprint = self._vault.fingerprint(place, given.secret.value.decode())
            platform.set_credentials(
                target, kept.host, kept.port, kept.login, kept.database, kept.tls, fingerprint, options
            )
            self._vault.put(place, kept, self._store.clock())
            self._checks.plan(platform, target)
            self._store.save(platform)

        self._store.run(work)

    def remove(self, organization_id: UUID, platform_id: UUID, target: Target) -> None:
        """Destroy all versions of them. Raises NotFound when there are none."""

        def work() -> None:
            platform = self._store.live(organization_id, platform_id)
            self._remove(platform, target)
            self._store.save(platform)

        self._store.run(work)

    def stored(self, organization_id: UUID, platform_id: UUID, target: Target, purpose: str) -> Usable:
        """Stored credentials for one use, which is recorded.

        Raises NotFound, ApiNotChosen, ConnectorMissing, NoCredentials.
        """

        def work() -> Usable:
            platform = self._store.live(organization_id, platform_id)
            connector = _connector(platform, target)
            opened = self._vault.use(organization_id, platform_id, target, purpose, self._store.clock())
            if opened is None:
                raise NoCredentials
            return Usable(connector, platform.api, opened.credentials, opened.place.version)

        return self._store.run(work)

    def offered(self, organization_id: UUID, platform_id: UUID, target: Target, given: Credentials) -> Usable:
        """Credentials that a user offers and that are not kept. Raises NotFound, ApiNotChosen, ConnectorMissing."""
        platform = self._store.live(organization_id, platform_id)
        connector = _connector(platform, target)
        return Usable(connector, platform.api, connector.kept(given), None)

    def uses(self, organization_id: UUID, platform_id: UUID, below: int, limit: int) -> list[Use]:
        """When stored credentials were used, by whom and for what; also of a removed platform. Raises NotFound."""
        platform = self._store.find(TradePlatform, platform_id)
        if platform.organization_id != organization_id or self._store.views.is_deleted(organization_id):
            raise NotFound
        return self._vault.uses(organization_id, platform_id, below, limit)

    def api_changed(self, platform: TradePlatform) -> bool:
        """Keep no more of the API secret than the new API needs. False where the credentials were removed, because
        the new API has another form; the caller saves the platform."""
        connector = installed().api(platform.api)
        before = installed().api(platform.credentials_api or platform.api)
        if connector is not None and before is not None and before.form is not connector.form:
            self._remove(platform, "api")
            return False
        if connector is not None and connector.kept_secret is not None:
            self._vault.keep_only(platform.organization_id, platform.id, connector.kept_secret, self._store.clock())
        return True

    def destroy(self, platform_id: UUID) -> None:
        """Destroy all credentials of a platform."""
        self._vault.destroy(platform_id)

    def organization_ended(self, organization_id: UUID) -> None:
        """Destroy the key of an organization's credentials."""
        self._vault.destroy_key(organization_id)

    def delete_expired(self) -> None:
        """Delete records of uses after 400 days."""
        self._vault.forget_old_uses(self._store.clock())

    def _remove(self, platform: TradePlatform, target: Target) -> None:
        platform.remove_credentials(target)
        self._vault.destroy(platform.id, target)
        self._checks.drop(platform, target)


def _connector(platform: TradePlatform, target: Target) -> Connector:
    return installed().get(target, platform.kind, platform.api)
