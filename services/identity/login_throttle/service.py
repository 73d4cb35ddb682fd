"""Login throttle: failures are counted before the password is checked, for all replicas together."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from contracts.email import InvalidEmail
from identity.devices.service import Devices
from identity.login_throttle.domain import Lock
from identity.login_throttle.views import LockViews
from identity.store import IdentityStore
from identity.users.domain import UnknownUser, User
from identity.users.views import EmailHash
from kit.errors import TooManyRequests
from kit.security.keys import keyed_hash
from kit.security.rate_limiter import Limit, RateLimiter, in_words, seconds

KEY = "guesses"
FREE = 5
"""Failures for one account from one place before the backoff begins."""
FREE_EVERYWHERE = 100
"""The same for one account from all places together; a browser that its owner used before is not asked."""
OF_A_NETWORK = Limit("guesses-of-a-network", 300, timedelta(seconds=12))
OF_ALL = Limit("guesses-of-all", 5000, timedelta(seconds=1))
_FIRST_BACKOFF, _MAX_BACKOFF = timedelta(seconds=15), timedelta(minutes=15)  # it doubles from one to the other
_FORGOTTEN = timedelta(days=1)  # after the last failure
_EVERYWHERE = b"everywhere"
_ALL = "all"
_SETTLED = timedelta(seconds=1)  # an attempt under way has counted as a failure, and may still succeed


class TooManyAttempts(TooManyRequests):
    """The same for known and unknown accounts, and for a right and a wrong password."""

    code = "too-many-attempts"
    title = "Too many failed attempts"

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"Try again {in_words(wait)}.", retry_after=seconds(wait))


@dataclass(frozen=True)
class Attempt:
    """One attempt with a password. `network` is None if only the failures of the account count: on a device that its
    owner used before, and for a user who is signed in."""

    account: bytes
    place: bytes
    network: str | None


class LoginThrottle:
    """An attempt counts as a failure from its beginning, so that parallel attempts cannot get around the limit.

    The right password deletes only the failures of its account and place. `clock` returns the time in UTC.
    """

    def __init__(
        self,
        store: IdentityStore,
        views: LockViews,
        limiter: RateLimiter,
        devices: Devices,
        key: bytes,
        email_hash: EmailHash,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._database = store.database
        self._views = views
        self._limiter = limiter
        self._devices = devices
        self._key = key
        self._email_hash = email_hash
        self._clock = clock

    def sign_in(self, email: str, address: str | None, device: UUID | None) -> Attempt:
        """Begin an attempt to sign in from a network address or a device. Raises TooManyAttempts."""
        account = self._account(email)
        if device is not None and self._devices.is_known_by(device, account):
            attempt = Attempt(account, self._hash("device", str(device)), None)
        else:
            attempt = Attempt(account, self._hash("network", address or ""), address or "")
            self._check(attempt)
        self._count(attempt.account, attempt.place, FREE)
        return attempt

    def signed_in(self, user_id: UUID) -> Attempt:
        """Begin an attempt of a signed-in user to confirm the password. Raises TooManyAttempts."""
        attempt = Attempt(user_id.bytes, self._hash("signed-in", ""), None)
        self._count(attempt.account, attempt.place, FREE)
        return attempt

    def failed(self, attempt: Attempt) -> None:
        """The password was wrong."""
        if attempt.network is not None:
            try:
                self._count(attempt.account, _EVERYWHERE, FREE_EVERYWHERE)
            except TooManyAttempts:
                return
            self._limiter.try_hit(OF_A_NETWORK, attempt.network)
            self._limiter.try_hit(OF_ALL, _ALL)

    def succeeded(self, attempt: Attempt) -> None:
        """The password was right."""
        wipe = "DELETE FROM guesses WHERE account = %s AND place = %s"
        self._database.later(wipe, (attempt.account, attempt.place))

    def clear(self, user: User) -> None:
        """Delete all failures of a user, who has set a new password or was unlocked by an operator."""
        accounts = [user.id.bytes] + ([self._email_hash(user.email)] if user.email else [])
        locks = [self._store.find(Lock, lock_id) for lock_id in self._views.locks(user.id, self._clock())]
        for lock in locks:
            lock.lift()
        self._store.save(*locks)
        self._database.execute("DELETE FROM guesses WHERE account = ANY(%s)", (accounts,))

    def unlock(self, user_id: UUID) -> None:
        """Delete all failures of a user. Raises UnknownUser."""
        self._store.run(lambda: self.clear(self._store.find(User, user_id, UnknownUser)))

    def record_one_lock(self) -> bool:
        """Record that a user is refused somewhere, once until that is over; False if there is none.

        This is apart from the attempts, so that these take the same time for known and unknown accounts.
        """
        now = self._clock()
        row = self._database.one(
            "SELECT people.id, max(refused_until) AS until FROM guesses JOIN people ON email_hash = account "
            "WHERE refused_until > %(now)s AND last_at < %(settled)s AND NOT EXISTS "
            "(SELECT FROM locks WHERE user_id = people.id AND locked_until > %(now)s) GROUP BY people.id LIMIT 1",
            {"now": now, "settled": now - _SETTLED},
        )
        if row is None:
            return False
        self._store.run(lambda: self._store.save(Lock(id=uuid4(), user_id=row["id"], locked_until=row["until"])))
        return True

    def delete_expired(self) -> None:
        self._database.execute("DELETE FROM guesses WHERE last_at < %s", (self._clock() - _FORGOTTEN,))

    def _check(self, attempt: Attempt) -> None:
        waits = (
            self._wait(attempt.account, _EVERYWHERE),
            self._limiter.longest_wait((OF_A_NETWORK, attempt.network or ""), (OF_ALL, _ALL)),
        )
        if max(waits) > timedelta():
            raise TooManyAttempts(max(waits))

    def _count(self, account: bytes, place: bytes, free: int) -> None:
        """Count one failure. During a backoff, counts nothing and raises TooManyAttempts."""
        now = self._clock()
        counted = self._database.execute(
            "INSERT INTO guesses AS g VALUES (%(account)s, %(place)s, 1, %(now)s, %(now)s) "
            "ON CONFLICT (account, place) DO UPDATE SET failures = g.failures + 1, last_at = %(now)s, "
            "refused_until = %(now)s + CASE WHEN g.failures + 1 < %(free)s THEN interval '0' "
            "ELSE least(%(longest)s, %(shortest)s * power(2, least(g.failures + 1 - %(free)s, 20))) END "
            "WHERE g.refused_until <= %(now)s",
            {
                "account": account,
                "place": place,
                "now": now,
                "free": free,
                "shortest": _FIRST_BACKOFF,
                "longest": _MAX_BACKOFF,
            },
        )
        if not counted:
            raise TooManyAttempts(self._wait(account, place))

    def _wait(self, account: bytes, place: bytes) -> timedelta:
        query = "SELECT refused_until FROM guesses WHERE account = %s AND place = %s"
        row = self._database.one(query, (account, place))
        return timedelta() if row is None else row["refused_until"] - self._clock()

    def _account(self, email: str) -> bytes:
        """The account key of `people`; text that is no address has a key that no account has."""
        try:
            return self._email_hash(email)
        except InvalidEmail:
            return self._hash("no-address", email)

    def _hash(self, kind: str, value: str) -> bytes:
        return keyed_hash(self._key, kind, value)
