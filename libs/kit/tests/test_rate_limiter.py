"""Shared rate limits: counting, refilling, and their table."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from kit.db.database import Database
from kit.db.migrations import migrate
from kit.security import rate_limiter as limiter
from kit.security.rate_limiter import FailureThrottle, Limit, RateLimited, RateLimiter, in_words

THREE = Limit("mails", 3, timedelta(minutes=10))


class Replicas:
    """Two replicas on one clock."""

    def __init__(self, database: Database) -> None:
        self.now = datetime(2025, 3, 5, tzinfo=UTC)
        self.database = database
        self.one, self.other = (RateLimiter(database, b"key", lambda: self.now) for _ in range(2))


@pytest.fixture
def replicas(postgres_dsn: str) -> Iterator[Replicas]:
    database = Database(postgres_dsn)
    database.open()
    migrate(database, limiter.SCHEMA)
    yield Replicas(database)
    database.close()


def test_replicas_share_a_limit_that_refills_one_at_a_time(replicas: Replicas) -> None:
    replicas.one.hit(THREE, "ann")
    replicas.other.hit(THREE, "ann")
    assert replicas.other.wait(THREE, "ann") == timedelta()
    replicas.one.hit(THREE, "ann")
    with pytest.raises(RateLimited) as refusal:
        replicas.other.hit(THREE, "ann")
    assert refusal.value.headers == {"Retry-After": "600"}
    replicas.now += timedelta(minutes=9, seconds=59)
    assert not replicas.one.try_hit(THREE, "ann")
    replicas.now += timedelta(seconds=1)
    assert replicas.one.try_hit(THREE, "ann")
    assert not replicas.one.try_hit(THREE, "ann")
    replicas.now += timedelta(days=1)
    assert [replicas.one.try_hit(THREE, "ann") for _ in range(4)] == [True, True, True, False]


def test_a_hit_with_commit_counts_only_if_the_transaction_commits(replicas: Replicas) -> None:
    replicas.database.execute("CREATE TABLE sent (number integer)")

    def send(number: int) -> None:
        with replicas.one.hit_with_commit(THREE, "ann") as count, replicas.database.transaction():
            replicas.database.later("INSERT INTO sent VALUES (%s)", (number,))
            count()
            if number < 0:
                raise ZeroDivisionError

    for number in (1, -1, 2, -2, 3, -3):
        with suppress(ZeroDivisionError):
            send(number)
    for number in (4, 5):
        with pytest.raises(RateLimited) as refusal:
            send(number)
        assert refusal.value.headers == {"Retry-After": "600"}
    replicas.now += timedelta(minutes=10)
    send(6)
    assert [row["number"] for row in replicas.database.all("SELECT number FROM sent ORDER BY number")] == [1, 2, 3, 6]


def test_limits_are_per_key(replicas: Replicas) -> None:
    for _ in range(3):
        replicas.one.hit(THREE, "ann")
    replicas.one.hit(THREE, "bob")
    replicas.one.hit(Limit("calls", 3, timedelta(minutes=10)), "ann")


def test_concurrent_hits_never_exceed_the_limit(replicas: Replicas) -> None:
    with ThreadPoolExecutor(8) as pool:
        counted = pool.map(lambda _: replicas.one.try_hit(THREE, "ann"), range(40))
        assert sum(counted) == 3


def test_expired_keys_have_no_row(replicas: Replicas) -> None:
    for _ in range(9):
        replicas.one.try_hit(THREE, "ann")
    rows = replicas.database.all("SELECT * FROM limits")
    assert len(rows) == 1
    assert "ann" not in str(rows)
    assert replicas.one.delete_expired() == 0
    replicas.now += timedelta(minutes=31)
    assert replicas.one.delete_expired() == 1


def test_repeated_failures_are_throttled_per_replica(replicas: Replicas) -> None:
    one, other = (FailureThrottle(each, THREE, lambda: replicas.now) for each in (replicas.one, replicas.other))
    for _ in range(3):
        one.check("192.0.2.1")
        one.note("192.0.2.1")
    with pytest.raises(RateLimited) as refusal:
        one.check("192.0.2.1")
    assert refusal.value.headers == {"Retry-After": "600"}
    one.check("192.0.2.2")
    other.note("192.0.2.1")
    with pytest.raises(RateLimited):
        other.check("192.0.2.1")
    replicas.now += timedelta(minutes=10)
    one.check("192.0.2.1")


@pytest.mark.parametrize(
    ("wait", "words"),
    [(0, "in 1 second"), (15, "in 15 seconds"), (89.2, "in 90 seconds"), (120, "in 2 minutes"), (7100, "in 2 hours")],
)
def test_a_duration_is_written_in_words(wait: float, words: str) -> None:
    assert in_words(timedelta(seconds=wait)) == words
