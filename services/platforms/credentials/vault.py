"""Stored credentials: encrypted with the organization's data key, two versions kept, each use recorded."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from kit.context import cause
from kit.db.database import Database
from kit.db.migrations import read
from kit.errors import NotFound
from kit.security.keys import keyed_hash, seal, unseal
from kit.security.service_keys import SubjectKeys
from platforms.connections.credentials import Credentials, Secret

SCHEMA = read(Path(__file__).with_name("schema.sql"))
_USES_KEPT = timedelta(days=400)


@dataclass(frozen=True)
class Place:
    """What credentials are for; a ciphertext can be decrypted in its own place only."""

    organization_id: UUID
    platform_id: UUID
    target: str
    version: int

    @property
    def parts(self) -> tuple[str, str, str, str]:
        return str(self.organization_id), str(self.platform_id), self.target, str(self.version)

    @property
    def associated(self) -> bytes:
        return "|".join(self.parts).encode()


@dataclass(frozen=True)
class Opened:
    """Stored credentials for one use."""

    place: Place
    credentials: Credentials


@dataclass(frozen=True)
class Use:
    """One use of stored credentials. `actor` is a user's or client's id, null for the service by itself."""

    id: int
    target: str
    version: int
    used_at: datetime
    actor: str | None
    purpose: str
    request_id: str | None


class Vault:
    """All methods join the transaction at hand."""

    def __init__(self, database: Database, keys: SubjectKeys, fingerprint_key: bytes) -> None:
        self._database = database
        self._keys = keys
        self._fingerprint_key = fingerprint_key

    def fingerprint(self, place: Place, password: str) -> str:
        """Identifies a version without revealing the password: 16 hexadecimal digits."""
        return keyed_hash(self._fingerprint_key, *place.parts, password)[:8].hex()

    def put(self, place: Place, credentials: Credentials, now: datetime) -> None:
        """Store a version, and keep the one before it. Raises NotFound for an organization that was removed."""
        self._database.execute(
            "INSERT INTO sealed_credentials (platform_id, target, version, organization_id, sealed, set_at) "
            "VALUES (%s, %s, %s, %s, %s, %s)",
            (
                place.platform_id,
                place.target,
                place.version,
                place.organization_id,
                seal(self._key(place.organization_id), credentials.to_bytes(), place.associated),
                now,
            ),
        )
        self._database.execute(
            "DELETE FROM sealed_credentials WHERE platform_id = %s AND target = %s AND version < %s",
            (place.platform_id, place.target, place.version - 1),
        )

    def use(self, organization_id: UUID, platform_id: UUID, target: str, purpose: str, now: datetime) -> Opened | None:
        """The newest version, its use recorded with the current actor; None when there is none."""
        row = self._database.one(
            "SELECT version, sealed FROM sealed_credentials "
            "WHERE organization_id = %s AND platform_id = %s AND target = %s ORDER BY version DESC LIMIT 1",
            (organization_id, platform_id, target),
        )
        if row is None:
            return None
        place = Place(organization_id, platform_id, target, row["version"])
        self._database.execute(
            "INSERT INTO credential_uses "
            "(organization_id, platform_id, target, version, used_at, actor, purpose, request_id) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (organization_id, platform_id, target, place.version, now, cause().actor, purpose, cause().correlation),
        )
        opened = unseal(self._key(organization_id), bytes(row["sealed"]), place.associated)
        return Opened(place, Credentials.from_bytes(opened))

    def uses(self, organization_id: UUID, platform_id: UUID, below: int, limit: int) -> list[Use]:
        """Uses with an id below this one, newest first; limit + 1 at most."""
        rows = self._database.all(
            "SELECT id, target, version, used_at, actor, purpose, request_id FROM credential_uses "
            "WHERE organization_id = %s AND platform_id = %s AND id < %s ORDER BY id DESC LIMIT %s",
            (organization_id, platform_id, below, limit + 1),
        )
        return [Use(**row) for row in rows]

    def keep_only(
        self, organization_id: UUID, platform_id: UUID, kept: Callable[[Secret], Secret], now: datetime
    ) -> None:
        """Keep the API secret in this form only, in every version."""
        opened = self.use(organization_id, platform_id, "api", "keep-hash-only", now)
        if opened is None:
            return
        secret = kept(opened.credentials.secret)
        if secret == opened.credentials.secret:
            return
        self.destroy(platform_id, "api")
        self.put(opened.place, replace(opened.credentials, secret=secret), now)

    def destroy(self, platform_id: UUID, target: str | None = None) -> None:
        """Destroy all versions of a target's credentials, or of both targets."""
        self._database.execute(
            "DELETE FROM sealed_credentials WHERE platform_id = %s AND target = coalesce(%s, target)",
            (platform_id, target),
        )

    def destroy_key(self, organization_id: UUID) -> None:
        """Destroy an organization's data key: only a backup from before can still decrypt what it encrypted."""
        self._keys.destroy(str(organization_id))

    def forget_old_uses(self, now: datetime) -> int:
        return self._database.execute("DELETE FROM credential_uses WHERE used_at < %s", (now - _USES_KEPT,))

    def _key(self, organization_id: UUID) -> bytes:
        key = self._keys.obtain(str(organization_id))
        if key is None:
            raise NotFound
        return key
