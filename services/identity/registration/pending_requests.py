"""Requests of strangers, encrypted until the elected worker decides them: one row for known and unknown addresses."""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg import OperationalError
from psycopg.sql import SQL

from contracts.email import InvalidEmail, normal
from identity.store import IdentityStore
from identity.users.views import EmailHash
from kit.context import acting, cause
from kit.errors import Invalid
from kit.security.keys import seal, unseal
from kit.security.service_keys import ServiceKeys
from kit.telemetry import tracing

CHANNEL = "intake"
KEY = "intake"
_MOST_MAILS = 3
_WINDOW = timedelta(hours=1)
_FIRST = SQL("SELECT min(id) FROM intake WHERE failures < 3")
_log = logging.getLogger("identity.intake")


@dataclass(frozen=True)
class PendingRequest:
    """`kind` is registration or password-reset, `email` the address as typed; the others identify the HTTP request."""

    kind: str
    email: str
    correlation: str | None
    traceparent: str | None


class PendingRequests:
    """A queue. At most three requests of an address and hour have an effect, whether or not the address is known.

    The table is called `intake`, and its column `wish`.
    """

    def __init__(
        self, store: IdentityStore, keys: ServiceKeys, email_hash: EmailHash, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._database = store.database
        self._keys = keys
        self._email_hash = email_hash
        self._clock = clock

    def add(self, kind: str, email: str) -> None:
        """Raises Invalid for text that is no address."""
        try:
            normal(email)
        except InvalidEmail as error:
            raise Invalid("email", f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
        request = json.dumps([kind, email.strip(" "), cause().correlation, cause().traceparent]).encode()
        with self._database.transaction() as cursor:
            sealed = seal(self._keys.key(KEY), request, b"intake")
            cursor.execute("INSERT INTO intake (wish) VALUES (%s)", (sealed,))
            cursor.execute(f"NOTIFY {CHANNEL}")

    def decide_one(self, decide: Mapping[str, Callable[[PendingRequest], None]]) -> bool:
        """Decide the oldest request in the transaction that deletes it; False if there is none.

        A request that fails three times is skipped, so that those behind it are decided.
        """
        try:
            return self._store.run(lambda: self._decide_first(decide))
        except OperationalError:
            raise
        except Exception:
            _log.exception("a pending request failed")
            self._database.execute(SQL("UPDATE intake SET failures = failures + 1 WHERE id = ({})").format(_FIRST))
            return True

    def forget(self, email: str) -> int:
        """Delete the undecided requests of this address; returns how many there were."""
        sought = normal(email)
        rows = self._database.all("SELECT id, wish FROM intake")
        theirs = [row["id"] for row in rows if normal(self._opened(row["wish"]).email) == sought]
        self._database.execute("DELETE FROM mails_asked WHERE email_hash = %s", (self._email_hash(email),))
        return self._database.execute("DELETE FROM intake WHERE id = ANY(%s)", (theirs,))

    def _opened(self, sealed: bytes) -> PendingRequest:
        return PendingRequest(*json.loads(unseal(self._keys.key(KEY), bytes(sealed), b"intake")))

    def delete_expired(self) -> None:
        """Delete counts that are older than the limit's window."""
        self._database.execute("DELETE FROM mails_asked WHERE at < %s", (self._clock() - _WINDOW,))

    def _decide_first(self, decide: Mapping[str, Callable[[PendingRequest], None]]) -> bool:
        row = self._database.one(SQL("SELECT id, wish FROM intake WHERE id = ({}) FOR UPDATE").format(_FIRST))
        if row is None:
            return False
        request = self._opened(row["wish"])
        self._database.execute("DELETE FROM intake WHERE id = %s", (row["id"],))
        if self._counts(request.email):
            traced = acting(actor=None, correlation=request.correlation, traceparent=request.traceparent)
            with traced, tracing.span(f"decide {request.kind}"):
                decide[request.kind](request)
        return True

    def _counts(self, email: str) -> bool:
        email_hash, now = self._email_hash(email), self._clock()
        query = "SELECT count(*) AS times FROM mails_asked WHERE email_hash = %s AND at > %s"
        asked = self._database.one(query, (email_hash, now - _WINDOW))
        if asked is not None and asked["times"] >= _MOST_MAILS:
            return False
        self._database.execute("INSERT INTO mails_asked VALUES (%s, %s)", (email_hash, now))
        return True
