"""Keys in the service's database, encrypted under the master key: service keys, and a key for each subject."""

import secrets
import time
from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock
from typing import Any, LiteralString

from kit.db.database import Database
from kit.security.keys import MasterKey, WrappedKey

_INSERT: LiteralString = "INSERT INTO subject_keys (subject, key_id, wrapped) VALUES (%s, %s, %s)"
_REWRAPPED = 200  # keys in one transaction
_REMEMBERED = 10_000
_REMEMBER_SECONDS = 60.0  # how long another replica may still read what a destroyed key hid


class ServiceKeys:
    """Random keys, one per purpose, made at first use. They stay the same when the master key changes."""

    def __init__(self, database: Database, master: MasterKey) -> None:
        self._database = database
        self._master = master
        self._known: dict[str, bytes] = {}

    def key(self, purpose: str) -> bytes:
        """The 32-byte key for a purpose."""
        if purpose not in self._known:
            self._known[purpose] = self._load(purpose)
        return self._known[purpose]

    def _load(self, purpose: str) -> bytes:
        fresh = self._master.wrap(secrets.token_bytes(32), f"service|{purpose}")
        with self._database.transaction() as cursor:
            cursor.execute(
                "INSERT INTO service_keys (purpose, key_id, wrapped) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                (purpose, fresh.key_id, fresh.wrapped),
            )
            row = cursor.execute("SELECT key_id, wrapped FROM service_keys WHERE purpose = %s", (purpose,)).fetchone()
        assert row is not None
        return self._master.unwrap(WrappedKey(row["key_id"], row["wrapped"]), f"service|{purpose}")

    def rewrap(self) -> int:
        """Wrap all keys under the current master key; answers how many were under another one."""
        return _rewrap(self._database, self._master, "service_keys", "purpose", "service")


class SubjectKeys:
    """One key per subject (a person, a tenant). Destroying it makes all that it encrypts unreadable, everywhere
    it was ever stored: event tables, snapshots, backups."""

    def __init__(self, database: Database, master: MasterKey) -> None:
        self._database = database
        self._master = master
        self._cache: OrderedDict[str, tuple[float, bytes | None]] = OrderedDict()
        self._destroyed: dict[str, float] = {}
        """Subjects whose keys must not be cached, and until when."""
        self._lock = Lock()

    def obtain(self, subject: str) -> bytes | None:
        """The subject's key, made if there is none yet; None once destroyed."""
        known, key = self._remembered(subject)
        if known:
            return key
        made, row = self._fresh(subject)
        is_new = self._database.execute(f"{_INSERT} ON CONFLICT DO NOTHING", row)
        return made if is_new else self._read([subject])[subject]

    def make(self, subject: str) -> bytes | None:
        """The key of a subject that has none yet, written with what the call's transaction asks next. A violation of
        `subject_keys_pkey` there says that the subject has, or had, one."""
        known, key = self._remembered(subject)
        if known:
            return key
        made, row = self._fresh(subject)
        with self._database.transaction() as cursor:
            cursor.later(lambda cursor: cursor.execute(_INSERT, row))
        return made

    def find(self, subject: str) -> bytes | None:
        """The subject's key, or None when there is none or it was destroyed."""
        known, key = self._remembered(subject)
        return key if known else self._read([subject]).get(subject)

    def prefetch(self, subjects: Iterable[str]) -> None:
        """Cache many keys with one query, before decoding a batch."""
        missing = [s for s in dict.fromkeys(subjects) if not self._remembered(s)[0]]
        if missing:
            self._read(missing)

    def destroy(self, subject: str) -> bool:
        """Destroy the key; answers whether there was one. The subject never gets a new one."""
        done = self._database.execute(
            "UPDATE subject_keys SET wrapped = NULL, destroyed_at = now() WHERE subject = %s AND wrapped IS NOT NULL",
            (subject,),
        )
        now = time.monotonic()
        with self._lock:
            self._cache.pop(subject, None)
            # A reader before this commit still finds the key, and must not cache it.
            self._destroyed = {one: until for one, until in self._destroyed.items() if until > now}
            self._destroyed[subject] = now + _REMEMBER_SECONDS
        return done > 0

    def rewrap(self) -> int:
        """Wrap all keys under the current master key; answers how many were under another one."""
        return _rewrap(self._database, self._master, "subject_keys", "subject", "subject")

    def _fresh(self, subject: str) -> tuple[bytes, tuple[str, str, bytes]]:
        """A new key and its row."""
        made = secrets.token_bytes(32)
        wrapped = self._master.wrap(made, f"subject|{subject}")
        return made, (subject, wrapped.key_id, wrapped.wrapped)

    def _remembered(self, subject: str) -> tuple[bool, bytes | None]:
        with self._lock:
            entry = self._cache.get(subject)
            if entry is None or entry[0] < time.monotonic():
                return False, None
            return True, entry[1]

    def _read(self, subjects: list[str]) -> dict[str, bytes | None]:
        rows = self._database.all(
            "SELECT subject, key_id, wrapped, "
            "xmin = pg_current_xact_id_if_assigned()::xid AS uncommitted "
            "FROM subject_keys WHERE subject = ANY(%s)",
            (subjects,),
        )
        keys = {row["subject"]: self._unwrapped(row) for row in rows}
        # A key made in this transaction may still vanish with it: whatever it encrypts next would be lost.
        self._remember({row["subject"]: keys[row["subject"]] for row in rows if not row["uncommitted"]})
        return keys

    def _unwrapped(self, row: dict[str, Any]) -> bytes | None:
        if row["wrapped"] is None:
            return None
        return self._master.unwrap(WrappedKey(row["key_id"], row["wrapped"]), f"subject|{row['subject']}")

    def _remember(self, keys: dict[str, bytes | None]) -> None:
        now = time.monotonic()
        until = now + _REMEMBER_SECONDS
        with self._lock:
            for subject, key in keys.items():
                if self._destroyed.get(subject, 0.0) > now:
                    continue
                self._cache[subject] = (until, key)
                self._cache.move_to_end(subject)
            while len(self._cache) > _REMEMBERED:
                self._cache.popitem(last=False)


def rewrapped(database: Database, master: MasterKey) -> int:
    """Wrap all keys of a service under the current master key; answers how many were under another one."""
    return ServiceKeys(database, master).rewrap() + SubjectKeys(database, master).rewrap()


def _rewrap(database: Database, master: MasterKey, table: str, name: str, prefix: str) -> int:
    """Re-encrypt batch by batch, each in its own transaction, so an interrupted run can be repeated.

    The keys themselves do not change, so services continue; they need both master keys until it is done.
    """
    select = (
        f"SELECT {name} AS name, key_id, wrapped FROM {table} "  # noqa: S608 - own names
        f"WHERE key_id <> %s AND wrapped IS NOT NULL ORDER BY {name} LIMIT {_REWRAPPED} FOR UPDATE SKIP LOCKED"
    ).encode()
    update = f"UPDATE {table} SET key_id = %s, wrapped = %s WHERE {name} = %s".encode()  # noqa: S608 - own names
    done = 0
    while True:
        with database.transaction() as cursor:
            rows = cursor.execute(select, (master.current_id,)).fetchall()
            for row in rows:
                associated = f"{prefix}|{row['name']}"
                key = master.unwrap(WrappedKey(row["key_id"], row["wrapped"]), associated)
                fresh = master.wrap(key, associated)
                cursor.execute(update, (fresh.key_id, fresh.wrapped, row["name"]))
        if not rows:
            return done
        done += len(rows)
