"""The keys that tokens are signed with: ES256 for access tokens, RS256 for ID tokens; stored encrypted."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from joserfc.jwk import ECKey, Key, RSAKey, import_key

from kit.database import Database
from kit.errors import Unavailable
from kit.keys import seal, unseal
from kit.service_keys import ServiceKeys

# `state`: active signs; retired verifies until the last token that it signed has expired.
SCHEMA = [
    (
        "identity-signing-keys-1",
        """
CREATE TABLE signing_keys (
    kid text PRIMARY KEY, algorithm text NOT NULL, state text NOT NULL CHECK (state IN ('active', 'retired')),
    public jsonb NOT NULL, private bytea NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
CREATE UNIQUE INDEX signing_keys_active ON signing_keys (algorithm) WHERE state = 'active';
""",
    )
]

Algorithm = Literal["ES256", "RS256"]
ALGORITHMS: tuple[Algorithm, ...] = ("ES256", "RS256")
_PURPOSE = "signing-keys"


@dataclass(frozen=True)
class _KeySet:
    active: Mapping[str, Key]
    public: tuple[dict[str, Any], ...]


class SigningKeys:
    """One active key for each algorithm; `ensure` first."""

    def __init__(self, database: Database, keys: ServiceKeys) -> None:
        self._database = database
        self._keys = keys
        self._known: _KeySet | None = None

    def ensure(self) -> None:
        """Make what is missing, by one replica at a time, and bring the keys into memory."""
        sealing = self._keys.key(_PURPOSE)
        with self._database.transaction() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('signing-keys'))")
            rows = cursor.execute("SELECT algorithm FROM signing_keys WHERE state = 'active'").fetchall()
            for algorithm in set(ALGORITHMS) - {row["algorithm"] for row in rows}:
                key = _generate(algorithm)
                private = json.dumps(key.as_dict(private=True)).encode()
                cursor.execute(
                    "INSERT INTO signing_keys (kid, algorithm, state, public, private) VALUES (%s, %s, %s, %s, %s)",
                    (
                        key.kid,
                        algorithm,
                        "active",
                        json.dumps(key.as_dict(private=False, use="sig", alg=algorithm)),
                        seal(sealing, private, str(key.kid).encode()),
                    ),
                )
            self._load()

    def signing(self, algorithm: Algorithm) -> Key:
        """The key to sign with; Unavailable before the first `ensure`."""
        return self._all.active[algorithm]

    def jwks(self) -> dict[str, Any]:
        """The public keys as a JWK Set (RFC 7517), the retired ones among them."""
        return {"keys": list(self._all.public)}

    @property
    def _all(self) -> _KeySet:
        if self._known is None:
            raise Unavailable("The keys that tokens are signed with are not there yet.")
        return self._known

    def _load(self) -> None:
        sealing = self._keys.key(_PURPOSE)
        rows = self._database.all("SELECT * FROM signing_keys ORDER BY created_at, algorithm")
        active = {
            row["algorithm"]: import_key(json.loads(unseal(sealing, bytes(row["private"]), row["kid"].encode())))
            for row in rows
            if row["state"] == "active"
        }
        self._known = _KeySet(active, tuple(row["public"] for row in rows))


def _generate(algorithm: str) -> Key:
    """Its `kid` is the RFC 7638 thumbprint."""
    key: Key = ECKey.generate_key("P-256") if algorithm == "ES256" else RSAKey.generate_key(2048)
    key.ensure_kid()
    return key
