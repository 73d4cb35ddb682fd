"""Keys that sign tokens: ES256 for access tokens, RS256 for ID tokens; stored encrypted."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

from joserfc.jwk import ECKey, Key, KeySet, RSAKey, import_key

from kit.db.database import Database, Row
from kit.errors import Unavailable
from kit.security.keys import seal, unseal
from kit.security.service_keys import ServiceKeys

Algorithm = Literal["ES256", "RS256"]
ALGORITHMS: tuple[Algorithm, ...] = ("ES256", "RS256")
AHEAD = timedelta(minutes=2)
"""How long a new key is published before it signs: longer than anybody may keep the key set."""
PUBLISHED_AFTER = timedelta(minutes=65)
"""How long a key is published after its successor signs: until the last token that it signed has expired."""
_HINTS = timedelta(days=180)  # for which an ID token, though expired, may still say who wants to sign out
_PURPOSE = "signing-keys"


@dataclass(frozen=True)
class NewKey:
    """A key that signs from `active_from` on."""

    algorithm: str
    kid: str
    active_from: datetime


@dataclass(frozen=True)
class _StoredKey:
    """`ends_at`: when its successor begins to sign, if there is one. `private` is deleted some time after that."""

    kid: str
    public: dict[str, Any]
    private: Key | None
    active_from: datetime
    ends_at: datetime | None

    def is_published(self, now: datetime) -> bool:
        return self.ends_at is None or now < self.ends_at + PUBLISHED_AFTER


class SigningKeys:
    """One key of each algorithm signs at a time; call `ensure` first. `clock` returns the time in UTC."""

    def __init__(self, database: Database, keys: ServiceKeys, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._known: Mapping[str, tuple[_StoredKey, ...]] = {}

    def ensure(self) -> None:
        """Make missing keys, one replica at a time, and load all keys into memory."""
        self._add(lambda latest: None if latest else self._clock())

    def rotate(self) -> list[NewKey]:
        """Make a new key for each algorithm, published at once and signing after AHEAD; returns those that wait
        already."""
        now = self._clock()
        self._add(lambda latest: None if latest and latest > now else now + AHEAD)
        return [
            NewKey(algorithm, known[-1].kid, known[-1].active_from) for algorithm, known in sorted(self._all.items())
        ]

    def signing(self, algorithm: Algorithm) -> Key:
        """The key to sign with now. Raises Unavailable before the first `ensure`."""
        known = self._all[algorithm]
        active = known[-1]
        if len(known) > 1 and (now := self._clock()) < active.active_from:
            active = next((key for key in reversed(known) if key.active_from <= now), known[0])
        assert active.private is not None
        return active.private

    def jwks(self) -> dict[str, Any]:
        """The public keys as a JWK Set (RFC 7517): the signing keys, those that wait, and those lately retired."""
        now = self._clock()
        return {"keys": [key.public for known in self._all.values() for key in known if key.is_published(now)]}

    def verifying(self, algorithm: Algorithm) -> KeySet:
        """Every key that has signed in the last months, for expired tokens that serve as hints."""
        return KeySet([import_key(key.public) for key in self._all[algorithm]])

    def notice(self, stored: Collection[str]) -> None:
        """`stored` are the ids of the keys in the database: load them if another replica has changed them."""
        if set(stored) != {key.kid for known in self._known.values() for key in known}:
            self._load()

    def delete_expired(self) -> None:
        """Delete the private part of keys that are no longer published, later the public part."""
        now = self._clock()
        for key in [key for known in self._all.values() for key in known if not key.is_published(now)]:
            assert key.ends_at is not None
            if now < key.ends_at + _HINTS:
                self._database.execute("UPDATE signing_keys SET private = NULL WHERE kid = %s", (key.kid,))
            else:
                self._database.execute("DELETE FROM signing_keys WHERE kid = %s", (key.kid,))

    @property
    def _all(self) -> Mapping[str, tuple[_StoredKey, ...]]:
        if not self._known:
            raise Unavailable("The keys that tokens are signed with are not there yet.")
        return self._known

    def _add(self, begin: Callable[[datetime | None], datetime | None]) -> None:
        """`begin` is called with the time at which the latest key of an algorithm begins to sign, and returns the same
        for a new key, or None for no new key."""
        sealing = self._keys.key(_PURPOSE)
        with self._database.transaction() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('signing-keys'))")
            rows = cursor.execute(
                "SELECT algorithm, max(active_from) AS latest FROM signing_keys GROUP BY 1"
            ).fetchall()
            latest = {row["algorithm"]: row["latest"] for row in rows}
            for algorithm in ALGORITHMS:
                active_from = begin(latest.get(algorithm))
                if active_from is None:
                    continue
                key = _generate(algorithm)
                private = json.dumps(key.as_dict(private=True)).encode()
                cursor.execute(
                    "INSERT INTO signing_keys (kid, algorithm, public, private, active_from) "
                    "VALUES (%s, %s, %s, %s, %s)",
                    (
                        key.kid,
                        algorithm,
                        json.dumps(key.as_dict(private=False, use="sig", alg=algorithm)),
                        seal(sealing, private, str(key.kid).encode()),
                        active_from,
                    ),
                )
        self._load()

    def _load(self) -> None:
        rows = self._database.all("SELECT * FROM signing_keys ORDER BY active_from, kid")
        self._known = {
            algorithm: tuple(self._stored([row for row in rows if row["algorithm"] == algorithm]))
            for algorithm in ALGORITHMS
        }

    def _stored(self, rows: list[Row]) -> list[_StoredKey]:
        ends = [later["active_from"] for _, later in pairwise(rows)]
        return [
            _StoredKey(row["kid"], row["public"], self._opened(row), row["active_from"], ends_at)
            for row, ends_at in zip(rows, [*ends, None], strict=True)
        ]

    def _opened(self, row: Row) -> Key | None:
        if row["private"] is None:
            return None
        return import_key(json.loads(unseal(self._keys.key(_PURPOSE), bytes(row["private"]), row["kid"].encode())))


def _generate(algorithm: str) -> Key:
    """Its `kid` is the RFC 7638 thumbprint."""
    key: Key = ECKey.generate_key("P-256") if algorithm == "ES256" else RSAKey.generate_key(2048)
    key.ensure_kid()
    return key
