"""Rate limits that all replicas share, by the generic cell rate algorithm; one row for each key."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from psycopg.errors import UniqueViolation
from starlette.requests import Request

from kit.db.database import Database, constraint_of
from kit.db.migrations import read
from kit.errors import TooManyRequests
from kit.security.keys import keyed_hash

SCHEMA = read(Path(__file__).with_name("rate_limiter.sql"))
"""The migrations of a service that limits rates."""


class RateLimited(TooManyRequests):
    code = "limit-reached"
    title = "Rate limit reached"


@dataclass(frozen=True)
class Limit:
    """At most `most` at once; one more is available after each `each`."""

    name: str
    most: int
    each: timedelta

    @property
    def all(self) -> timedelta:
        """How long until the limit is wholly free again."""
        return self.most * self.each


class RateLimiter:
    """Counts by a keyed hash of (limit, subject), so that the table reveals no subject.

    A row holds the time at which its limit is fully available again: the generic cell rate algorithm. After that time
    the row can be deleted. `clock` returns the time in UTC.
    """

    def __init__(self, database: Database, key: bytes, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._key = key
        self._clock = clock

    def hit(self, limit: Limit, whom: str) -> None:
        """Count one. Raises RateLimited, and counts nothing, at the limit."""
        if not self.try_hit(limit, whom):
            raise self._reached(limit, whom)

    def try_hit(self, limit: Limit, whom: str) -> bool:
        """Count one; at the limit False, and nothing is counted."""
        now = self._clock()
        return bool(
            self._database.execute(
                "INSERT INTO limits VALUES (%(key)s, %(now)s + %(each)s) ON CONFLICT (key) "
                "DO UPDATE SET full_until = greatest(limits.full_until, %(now)s) + %(each)s "
                "WHERE limits.full_until + %(each)s <= %(now)s + %(all)s",
                {"key": self._hash(limit, whom), "now": now, "each": limit.each, "all": limit.all},
            )
        )

    @contextmanager
    def hit_with_commit(self, limit: Limit, whom: str) -> Iterator[Callable[[], None]]:
        """Count one with what a transaction stores: call what this gives, in it, after all that it asks.

        Costs no round trip, and what is refused counts nothing. Raises RateLimited."""

        def count() -> None:
            given = (self._hash(limit, whom), self._clock(), limit.each, limit.all)
            self._database.later("SELECT take_limit(%s, %s, %s, %s)", given)

        try:
            yield count
        except UniqueViolation as error:
            if constraint_of(error) != "limits_most":
                raise
            raise self._reached(limit, whom) from error

    def wait(self, limit: Limit, whom: str) -> timedelta:
        """How long until the next one is allowed; zero if it is now."""
        return self.longest_wait((limit, whom))

    def longest_wait(self, *counted: tuple[Limit, str]) -> timedelta:
        """How long until the next one is allowed by all of these."""
        limits = {self._hash(limit, whom): limit for limit, whom in counted}
        rows = self._database.all("SELECT key, full_until FROM limits WHERE key = ANY(%s)", (list(limits),))
        now = self._clock()
        waits = (row["full_until"] + limits[row["key"]].each - limits[row["key"]].all - now for row in rows)
        longest: timedelta = max((timedelta(), *waits))
        return longest

    def delete_expired(self) -> int:
        """Delete the rows whose limits are fully available again."""
        return self._database.execute("DELETE FROM limits WHERE full_until < %s", (self._clock(),))

    def _reached(self, limit: Limit, whom: str) -> RateLimited:
        wait = self.wait(limit, whom)
        return RateLimited(f"Try again {in_words(wait)}.", retry_after=seconds(wait))

    def _hash(self, limit: Limit, whom: str) -> bytes:
        return keyed_hash(self._key, "limit", limit.name, whom)


class FailureThrottle:
    """Refuses callers that presented too many unknown tokens or secrets.

    Valid ones cost no query: only failures are counted in the database, and blocked callers are kept in memory. A
    replica learns of failures at another one by its own first failure.
    """

    def __init__(self, limiter: RateLimiter, limit: Limit, clock: Callable[[], datetime]) -> None:
        self._limiter = limiter
        self._limit = limit
        self._clock = clock
        self._until: dict[str, datetime] = {}

    def __bool__(self) -> bool:
        """Whether any caller must wait."""
        return bool(self._until)

    def check(self, whom: str) -> None:
        """Raises RateLimited."""
        wait = self._until.get(whom, datetime.min.replace(tzinfo=UTC)) - self._clock()
        if wait > timedelta():
            raise RateLimited(f"Try again {in_words(wait)}.", retry_after=seconds(wait))

    def note(self, whom: str) -> None:
        """Count a failed attempt."""
        now = self._clock()
        self._limiter.try_hit(self._limit, whom)
        self._until = {key: until for key, until in self._until.items() if until > now}
        if wait := self._limiter.wait(self._limit, whom):
            self._until[whom] = now + wait


def rate_limited(limiter: RateLimiter, limit: Limit, whom: Callable[[Request], str]) -> Callable[[Request], None]:
    """A dependency of a route that counts each request. Raises RateLimited."""

    def hit(request: Request) -> None:
        limiter.hit(limit, whom(request))

    return hit


def seconds(wait: timedelta) -> int:
    """For Retry-After: whole seconds, at least one."""
    return max(1, math.ceil(wait.total_seconds()))


def in_words(wait: timedelta) -> str:
    """For a text: "in 40 seconds", "in 2 minutes"."""
    number, unit = seconds(wait), "second"
    if number > 90:
        number, unit = math.ceil(number / 60), "minute"
    if number > 90:
        number, unit = math.ceil(number / 60), "hour"
    return f"in {number} {unit}{'' if number == 1 else 's'}"
