"""What strangers ask for, kept encrypted until the elected worker decides: one row, whoever is known."""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg import OperationalError
from psycopg.sql import SQL

from contracts.email import InvalidEmail, normal
from identity.people.views import EmailHash
from identity.store import IdentityStore
from kit.context import acting, cause
from kit.errors import Invalid
from kit.security.keys import seal, unseal
from kit.security.service_keys import ServiceKeys
from kit.telemetry import tracing

SCHEMA = [
    (
        "identity-intake-1",
        """
CREATE TABLE intake (id bigserial PRIMARY KEY, wish bytea NOT NULL, failures integer NOT NULL DEFAULT 0);
CREATE TABLE mails_asked (email_hash bytea NOT NULL, at timestamptz NOT NULL);
CREATE INDEX mails_asked_address ON mails_asked (email_hash, at);
""",
    )
]
CHANNEL = "intake"
KEY = "intake"
_MOST_MAILS = 3
_WINDOW = timedelta(hours=1)
_FIRST = SQL("SELECT min(id) FROM intake WHERE failures < 3")
_log = logging.getLogger("identity.intake")


@dataclass(frozen=True)
class Wish:
    """What is asked for this address (as typed), and by which request."""

    kind: str
    email: str
    correlation: str | None
    traceparent: str | None


class Intake:
    """Wishes in order; at most three for an address and hour count, known or not."""

    def __init__(
        self, store: IdentityStore, keys: ServiceKeys, email_hash: EmailHash, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._database = store.database
        self._keys = keys
        self._email_hash = email_hash
        self._clock = clock

    def put(self, kind: str, email: str) -> None:
        """Raises Invalid for what is no address."""
        try:
            normal(email)
        except InvalidEmail as error:
            raise Invalid("email", f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
        wish = json.dumps([kind, email.strip(" "), cause().correlation, cause().traceparent]).encode()
        with self._database.transaction() as cursor:
            sealed = seal(self._keys.key(KEY), wish, b"intake")
            cursor.execute("INSERT INTO intake (wish) VALUES (%s)", (sealed,))
            cursor.execute(f"NOTIFY {CHANNEL}")

    def take_one(self, decide: Mapping[str, Callable[[Wish], None]]) -> bool:
        """Decide about the oldest wish in the transaction that forgets it; False when there is none.

        One that fails three times is set aside, so that those behind it go on.
        """
        try:
            return self._store.run(lambda: self._decide_first(decide))
        except OperationalError:
            raise
        except Exception:
            _log.exception("a wish failed")
            self._database.execute(SQL("UPDATE intake SET failures = failures + 1 WHERE id = ({})").format(_FIRST))
            return True

    def forget(self, email: str) -> int:
        """Delete what was asked for this address and is not decided yet; answers how many wishes there were."""
        sought = normal(email)
        rows = self._database.all("SELECT id, wish FROM intake")
        theirs = [row["id"] for row in rows if normal(self._opened(row["wish"]).email) == sought]
        self._database.execute("DELETE FROM mails_asked WHERE email_hash = %s", (self._email_hash(email),))
        return self._database.execute("DELETE FROM intake WHERE id = ANY(%s)", (theirs,))

    def _opened(self, sealed: bytes) -> Wish:
        return Wish(*json.loads(unseal(self._keys.key(KEY), bytes(sealed), b"intake")))

    def forget_old(self) -> None:
        """Delete what no limit counts any more."""
        self._database.execute("DELETE FROM mails_asked WHERE at < %s", (self._clock() - _WINDOW,))

    def _decide_first(self, decide: Mapping[str, Callable[[Wish], None]]) -> bool:
        row = self._database.one(SQL("SELECT id, wish FROM intake WHERE id = ({}) FOR UPDATE").format(_FIRST))
        if row is None:
            return False
        wish = self._opened(row["wish"])
        self._database.execute("DELETE FROM intake WHERE id = %s", (row["id"],))
        if self._counts(wish.email):
            traced = acting(actor=None, correlation=wish.correlation, traceparent=wish.traceparent)
            with traced, tracing.span(f"decide {wish.kind}"):
                decide[wish.kind](wish)
        return True

    def _counts(self, email: str) -> bool:
        email_hash, now = self._email_hash(email), self._clock()
        query = "SELECT count(*) AS times FROM mails_asked WHERE email_hash = %s AND at > %s"
        asked = self._database.one(query, (email_hash, now - _WINDOW))
        if asked is not None and asked["times"] >= _MOST_MAILS:
            return False
        self._database.execute("INSERT INTO mails_asked VALUES (%s, %s)", (email_hash, now))
        return True
